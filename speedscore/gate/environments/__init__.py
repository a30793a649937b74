"""The environments of base and head: asked for their packages, built into, and made where there is none.

    interpreters    an interpreter asked for its place and its packages, and which differ between two
    requirements    what a requirement says of a version, and whether it holds
    made_environments  how an environment is made, and kept
    building        what a checkout is built into, where that is asked for

The environment that a gate was called from is never changed.
"""
