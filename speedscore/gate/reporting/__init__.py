"""What a gate found, for whoever waits for it.

    report          what a run means: the record, the exit code, the headline
    report_building from what came of a gate to that record; report_file: the record written and read
    reproducing     the command that gates one case alone
    wording         what terminal and comment both say
    progress        what is printed meanwhile; terminal: the report as a table; comment: as Markdown

Nothing is measured here, and no verdict is drawn.
"""
