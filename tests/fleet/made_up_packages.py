"""Distributions that exist nowhere else: as a wheel in a folder, and as what metadata says is installed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

NAME = "speedscore-made-up"
MODULE = "speedscore_made_up"


def make_wheel(folder: Path, version: str, *, name: str = NAME, needs: str = "") -> None:
    """Of a module that knows its version; pip finds it by ``--find-links``."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    requires = f"Requires-Dist: {needs}\n" * bool(needs)
    files = {
        f"{module}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as wheel:
        for file, content in files.items():
            wheel.writestr(file, content)


def seem_installed(site: Path, name: str, version: str, *, direct_url: object = None, installer: str = "pip") -> None:
    """What metadata in the folder says; ``direct_url`` is what PEP 610 has for what came from an address."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "INSTALLER").write_text(f"{installer}\n")
    if direct_url is not None:
        (info / "direct_url.json").write_text(json.dumps(direct_url))
