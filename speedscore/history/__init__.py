"""Many saved runs together: as tables that SQL asks, and as series of a case over commits with their change points.

The saved runs stay the record; tables are made from them and can be made again. Machines are never mixed. In order:

    figures         saved runs as rows of tables, and as series of figures
    store           a history in a folder or an object store, with several who write at once
    asking          which of it is meant, and what it answers: SQL, series, change points
    commands        ``history``, ``sql`` and ``compare`` on the command line
"""
