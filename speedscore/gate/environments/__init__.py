"""The environments of base and head: asked for their packages, built into, and made where there is none.

    interpreters    which packages differ between the two
    made_environments  how an environment is made, and kept; requirements: odd versions among its packages
    building        what a checkout is built into, where that is asked for

The environment that a gate was called from is never changed.
"""
