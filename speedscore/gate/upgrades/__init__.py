"""``--gate-upgrade``: the present environment beside one with other versions. In the order in which they are called:

    requirement_files   what is asked for as an installer can take it: locks exported, the checkout itself left out
    resolving       which packages the upgrade changes, asked of uv or pip: pins, known by content (direct_urls)
    conflicts       which installed packages that would break
    upgrading       the two environments, made alike
    evidence        what is looked for once the verdicts stand
    stage_pairs     more processes, untimed, for stages (stages) and XLA's programs (program_changes)
    blame           which of the packages it was
    report          all of this as a record; wording: in words

No round of theirs is compared, and none of it changes a verdict.
"""
