"""Where a history lies: Parquet files in a folder or an object store, which many may write at once.

    storage         whole files in a folder or an object store; arrow_files: as pyarrow opens them
    parts           which of the files count
    writing         adding runs, and merging what was added
    adding          the same of many files, by several processes (adding_process)
    datasets        a table of a history, read as one

No question is answered here.
"""
