"""Two checkouts, measured in lockstep, to verdicts and an exit code.

It works on the pytest-benchmark tests of any repository, and knows no framework. In the order in which they are called:

    options         what ``pytest --gate`` may be told; pytest_options: where pytest is told of that
    pytest_gate     from there to a report and an exit code; gate_command: the same as a command of its own
    request         the options of one gate, checked; deadline: when it is to end
    worktrees       where the code of base and head lies
    projects        which Python projects lie in it; import_roots: the folders that their code is imported from
    building        what a checkout is built into, where that is asked for; source_files: what it is built from
    upgrades        the present environment beside one with other versions, and what is found of them
    made_environments  how both of these make an environment, and keep it; requirements: odd versions among them
    programs        how installers and the like are run, so that nothing of them is left
    base_setup      what makes the files of a base that git does not keep
    claims          what is said of the change, to be judged; case_claims: what came of it
    plan            what each side's pytest is started with; side_arguments: its command line in the other checkout
    environments    which packages differ between the two
    loop            pairs of processes until all is decided; outcome: what came of it
    pairs           one pair: two fresh sides that run some cases
    changed_files   which files differ between the checkouts; affected: which benchmarks that can have touched
    own_code        whether each side ran its own checkout's code
    matching        which cases both sides have
    side_process    a side as a pytest process; sides: its verbs and what it answers; side/: the plugin within it
    lockstep        the rounds of one case in a pair
    pair_statistics what they come to: the typical round and the mean
    paired_metric   what they said of the time or the memory of a case so far
    gated_case      what the pairs said of one case, to its verdicts; exclusions, case_counts: what needs no clock
    report          what a run means: the record, the exit code, the headline
    report_building  from what came of it to that record; report_file: the record written and read
    progress        what is printed meanwhile
    parts           the cases shared out over the machines of a fleet, and one report of all
    terminal        the report on the terminal; comment: as Markdown; wording: what both say
    reasons         where a regression comes from: a pair of its own, after the verdicts
    hlo             which operations of XLA's programs came and went, for reasons and upgrades
    posting         the one comment under a pull request: posted, or changed where it stands

``bisect`` asks a gate about one commit after the other. No verdict is drawn here: that is the package ``verdicts``.
"""
