"""What the benchmarks of the shop look up, on base and on head."""

from __future__ import annotations

ON_HEAD = False

UNITS = {
    "slower": 105 if ON_HEAD else 100,
    "slower too": 106 if ON_HEAD else 100,
    "faster": 90 if ON_HEAD else 100,
    "same": 100,
    "lenient": 110 if ON_HEAD else 100,
}
QUERIES = 13 if ON_HEAD else 12
BATCH = 64 if ON_HEAD else 32
MEGABYTES = 120 if ON_HEAD else 10
