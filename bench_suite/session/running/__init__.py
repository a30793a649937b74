"""What measures a session's cases: blocks of workers on this machine, and in a gate one case in its own test.

    machine         the machine as a session sees it
    worker_factory  the workers of one block, fresh processes
    blocks          each block is measured when its first case is asked for
    paired_case     one case as one side of a gate

What becomes of a case is kept elsewhere.
"""
