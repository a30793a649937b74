"""Each framework's own published example of a model, as a user would pick it up, to hold this suite's against.

Nothing here is published code: what a package holds is imported from it, and what stands only in an example's source
is read from a folder that ``SPEEDSCORE_PUBLISHED`` names. What is missing is a skip that says so. To fill the folder:

    pip download --no-deps --no-build-isolation --no-binary :all: -d "$SPEEDSCORE_PUBLISHED" flax dm-haiku
    (cd "$SPEEDSCORE_PUBLISHED" && for archive in *.tar.gz; do tar xzf "$archive"; done)
    pip install --no-deps --target "$SPEEDSCORE_PUBLISHED/packages" torchvision pillow
    git clone https://github.com/karpathy/nanoGPT "$SPEEDSCORE_PUBLISHED/nanoGPT"
    git clone https://github.com/patrick-kidger/equinox "$SPEEDSCORE_PUBLISHED/equinox"

The versions of the first and of torchvision are those that belong to what is installed. Then:

    python -m pytest tests/performance/test_published.py --selfbench -s

Every row, measured or not, is kept in ``.benchmarks/published.json``; ``docs/published.json`` is a copy of it.
"""
