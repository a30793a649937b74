"""Names the plugins for pytest in a checkout; where the wheel is installed, pytest finds the first of them itself."""

pytest_plugins = [
    "speedscore.plugin",
    "speedscore.bench_suite.plugin",
    "speedscore.scoring.plugin",
    "speedscore.report.plugin",
]
