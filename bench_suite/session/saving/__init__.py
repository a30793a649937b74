"""How what a session measured is kept, and taken up again.

    journal         what was measured so far, on the disk at once
    resuming        which cases of an earlier session stand; standing: whether one may stand beside new ones
    document        the run as pytest-benchmark's JSON; plain_values: what strangers put into it
    run_files       the run saved whole, whatever happens; writing: a file whole or not at all
    profiles        the profiles, each whole in the folder that was asked for
    shielding       signals wait meanwhile

Nothing is printed here.
"""
