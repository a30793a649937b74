"""The table of frameworks names what is installed: packages as they are imported, distributions as pip knows them."""

from __future__ import annotations

from importlib import metadata

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework, is_importable
from speedscore.bench_suite.probes.learning import surface
from speedscore.bench_suite.probes.probe import ProbeCase
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host.processors import usable_processors


@pytest.mark.parametrize("line", FRAMEWORKS.values(), ids=FRAMEWORKS)
def test_every_distribution_holds_the_package_of_its_place(line: Framework) -> None:
    for package, distribution in zip(line.packages, line.distributions, strict=True):
        if not is_importable(package):
            continue
        files = metadata.distribution(distribution).files
        # Whoever installed it may have kept no list of its files.
        assert files is None or any(file.parts[0] == package for file in files), (
            f"{distribution} does not hold {package}"
        )


def test_a_package_of_another_name_is_installed_by_the_name_that_pip_knows() -> None:
    line = msgspec.structs.replace(FRAMEWORKS["haiku"], extra="", packages=("haiku",))
    assert line.remedy == "python -m pip install dm-haiku"


def test_of_a_package_that_is_not_there_there_is_no_part_either() -> None:
    assert is_importable("email.message")
    assert not is_importable("email.no_such_part")
    assert not is_importable("no_such_package.part")


@pytest.mark.skipif(bool(FRAMEWORKS["haiku"].missing_packages()), reason=f"needs {FRAMEWORKS['haiku'].remedy}")
def test_an_answer_of_haikus_tells_haikus_version() -> None:
    tools = Tools(preset="smoke", processors=usable_processors()[:1], limit_seconds=60.0)
    try:
        answer = surface.ask(ProbeCase("surface", "haiku", subject="gpt"), tools)
    finally:
        tools.close()
    assert answer.versions["dm-haiku"] == metadata.version("dm-haiku")
