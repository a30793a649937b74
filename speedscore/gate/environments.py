"""What differs between the environments of base and of head: an interpreter is asked for its packages.

Nothing is installed, and no test is run.
"""

from __future__ import annotations

import json
import subprocess
import sys

from speedscore.gate.errors import GateError

_LIST_PACKAGES = """
import importlib.metadata, json
print(json.dumps({package.metadata["Name"]: package.version for package in importlib.metadata.distributions()}))
"""


def differing_packages(base_python: str) -> tuple[dict[str, str], dict[str, str]]:
    """Versions of what is not the same in the two environments: of base, and of head.

    Raises GateError where base's interpreter cannot be run.
    """
    if base_python == sys.executable:
        return {}, {}
    base, head = _packages(base_python), _packages(sys.executable)
    names = [name for name in sorted(base.keys() | head.keys()) if base.get(name) != head.get(name)]
    return {name: base[name] for name in names if name in base}, {name: head[name] for name in names if name in head}


def _packages(python: str) -> dict[str, str]:
    try:
        done = subprocess.run([python, "-c", _LIST_PACKAGES], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise GateError(f"--gate-python: {python} cannot be run ({error}); name a Python interpreter") from None
    versions: dict[str, str] = json.loads(done.stdout)
    return versions
