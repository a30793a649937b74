"""Two checkouts, measured in lockstep, to verdicts and an exit code.

It works on the pytest-benchmark tests of any repository, and knows no framework. From what is asked to the answer:

    options         what ``pytest --gate`` may be told; pytest_options: where pytest is told of that
    pytest_gate     from there to a report and an exit code; gate_command: the same as a command of its own
    request         the options of one gate, checked
    checkouts       where the code of base and head lies, and what differs
    environments    the packages of both, and what they are built into
    sides           base or head as a pytest process
    rounds          the rounds of one case in one pair of sides, and what they come to
    cases           one case over all pairs, to its verdicts
    pairs           pairs of fresh sides
    reasons         where a regression comes from: a pair of its own, after the verdicts
    loop            pairs until all is decided
    upgrades        the present environment beside one with other versions, and what is found of them
    reporting       what came of it as a record, on the terminal and as Markdown
    parts           the cases shared out over the machines of a fleet, and one report of all
    posting         the one comment under a pull request: posted, or changed where it stands
    bisecting       a gate about one commit after the other

What several need lies beside them: ``errors``, ``deadline`` (when a gate is to end), ``part`` (which cases are one
part's), ``hlo`` (which operations of XLA's programs came and went) and ``same_slowdown`` (whether another gate has
found the same). Which may import which stands in ``pyproject.toml``. No verdict is drawn here: that is the package
``verdicts``.
"""
