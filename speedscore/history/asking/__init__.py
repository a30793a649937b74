"""What a history is asked, and what it answers.

    choosing        which cases and moments are meant
    reading         which files; gate_marks: what gates said beside them
    past            the runs as comparing sees them
    finding_series  from the words of a command line to series
    change_points   where a series changed its level; changes: the same of all, as one record
    database        SQL; answers: an answer as text
    export          rows into one file

Nothing is written to it.
"""
