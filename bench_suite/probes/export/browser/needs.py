"""Finds a browser and the files of ONNX Runtime Web, and says how to get what is missing. It opens no page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from speedscore.bench_suite.probes.export.browser.npm_package import NpmPackage, find_package
from speedscore.bench_suite.probes.probe import ProbeUnavailable

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Names of commands; all take the same options."""
ONNX_RUNTIME_WEB = NpmPackage(
    "onnxruntime-web",
    version="1.30.0",
    integrity="sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
    files=("dist/ort.wasm.min.mjs", "dist/ort-wasm-simd-threaded.mjs", "dist/ort-wasm-simd-threaded.wasm"),
)


_LIMIT_SECONDS = 30.0


def find() -> dict[str, Any]:
    """Answers ``Target.needs``: the browser's command, the folder of ONNX Runtime Web, and the versions of both.

    Raises ProbeUnavailable where one of them is not to be had.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise ProbeUnavailable(f"needs a browser, one of {', '.join(BROWSERS)}: apt-get install chromium")
    versions = {Path(browser).name: _version(browser), ONNX_RUNTIME_WEB.name: ONNX_RUNTIME_WEB.version}
    return {"browser": browser, "library": str(find_package(ONNX_RUNTIME_WEB)), "versions": versions}


def _version(browser: str) -> str:
    try:
        told = subprocess.run(
            [browser, "--version"],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ProbeUnavailable(
            f"needs a browser, and {browser} does not start ({error}); to see why: {browser} --version"
        ) from None
    found = re.search(r"\d+(?:\.\d+)+", told)
    return found[0] if found else "unknown"
