"""One side of a gate: base or head, as a pytest process that is told which test to run next, and answers.

    side            its verbs and what it answers
    side_arguments  its command line in the other checkout
    side_process    a side as a pytest process; plugin/: what speaks for it within that process
    side_endings    why a process ended before it had answered
    own_code        whether each side ran its own checkout's code, and both are built alike
    untimed         a test that is run for what it leaves beside its times

No rounds are compared here; ``own_code`` alone looks at both sides.
"""
