"""Finds a browser and the files of a runtime for its pages, and says how to get what is missing. It opens no page."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
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


LITERT_JS = NpmPackage(
    "@litertjs/core",
    version="2.5.3",
    integrity="sha512-PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
    files=("dist/index.js", "wasm/litert_wasm_internal.js", "wasm/litert_wasm_internal.wasm"),
)
LITERT_JS_UTILS = NpmPackage(
    "@litertjs/wasm-utils",
    version="2.5.3",
    integrity="sha512-4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
    files=("dist/index.js",),
)
_LIMIT_SECONDS = 30.0


def find_for_onnx(stopped: threading.Event) -> dict[str, Any]:
    """Answers ``Target.needs``: the last four arguments of ``runtime.load``, for ONNX Runtime Web.

    Raises ProbeUnavailable where the browser or a package is not to be had
    and MakingStopped soon after ``stopped`` is set.
    """
    return _find("onnx", stopped=stopped, packages=(ONNX_RUNTIME_WEB,))


def find_for_litert(stopped: threading.Event) -> dict[str, Any]:
    """The same for LiteRT.js."""
    return _find("litert", stopped=stopped, packages=(LITERT_JS, LITERT_JS_UTILS))


def _find(runtime: str, *, stopped: threading.Event, packages: Sequence[NpmPackage]) -> dict[str, Any]:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise ProbeUnavailable(f"needs a browser, one of {', '.join(BROWSERS)}: apt-get install chromium")
    versions = {Path(browser).name: _version(browser)}
    return {
        "browser": browser,
        "runtime": runtime,
        "libraries": {package.name: str(find_package(package, stopped=stopped)) for package in packages},
        "versions": versions | {package.name: package.version for package in packages},
    }


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
