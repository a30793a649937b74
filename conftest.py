"""Names the two plugins for pytest in a checkout; where the wheel is installed, pytest finds them itself."""

pytest_plugins = ["bench_suite.plugin", "scoring.plugin"]
