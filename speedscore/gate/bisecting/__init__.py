"""``speedscore bisect``: a gate about one commit after the other, until the first slow one is found.

    bisect_command  the command
    bisect          the search, in worktrees of its own

The user's checkout is not touched.
"""
