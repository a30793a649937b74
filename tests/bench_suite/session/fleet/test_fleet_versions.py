"""A machine of other versions is refused with what differs; other hardware is none of its business."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.matrix.cases import Block
from speedscore.bench_suite.session.fleet.budget import block_seconds
from speedscore.bench_suite.session.fleet.messages import Request, encode
from speedscore.bench_suite.session.fleet.remote import measure
from speedscore.bench_suite.session.fleet.versions import Demands, admit
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.fleet.work import FleetError, FleetMachine
from speedscore.host.fields import Scalar

HERE: dict[str, Scalar] = {
    "cpu.model": "one",
    "git.commit": "0123abc",
    "package.jax": "0.10.2",
    "package.pytest": "9.2.0",
    "package.speedscore": "0.1.0",
    "python.compiler": "GCC 12",
    "python.version": "3.11.7",
}


def why_not(changed: dict[str, Scalar], *, without: str = "", allow: tuple[str, ...] = ()) -> str:
    environment = {name: value for name, value in HERE.items() if name != without} | changed
    admission = admit([FleetMachine("there", environment)], Demands(HERE, allow=allow))
    assert ("there" in admission.admitted) != ("there" in admission.refused)
    return admission.refused.get("there", "")


@pytest.mark.parametrize(
    ("changed", "without"),
    [
        ({}, ""),
        ({"cpu.model": "another"}, ""),
        ({"git.commit": "4567def"}, ""),
        ({"package.pytest": "8"}, ""),
        ({}, "package.speedscore"),
        ({"package.torch": "2.9"}, ""),
    ],
    ids=["alike", "processor", "commit", "pytest", "not-installed", "more"],
)
def test_what_takes_no_part_in_a_figure_or_is_recorded_of_the_machine_may_differ(
    changed: dict[str, Scalar], without: str
) -> None:
    assert why_not(changed, without=without) == ""


@pytest.mark.parametrize(
    ("changed", "without", "said"),
    [
        (
            {"package.jax": "0.9"},
            "",
            "package.jax is 0.9 and must be 0.10.2, as here; --fleet-allow package.jax lets it",
        ),
        (
            {},
            "package.jax",
            "package.jax is not there and must be 0.10.2, as here; --fleet-allow package.jax lets it",
        ),
        (
            {"python.version": "3.12"},
            "",
            "python.version is 3.12 and must be 3.11.7, as here; --fleet-allow python.version lets it",
        ),
        (
            {"package.speedscore": "0.0.1"},
            "",
            "package.speedscore is 0.0.1 and must be 0.1.0, as here; --fleet-allow package.speedscore lets it",
        ),
    ],
    ids=["version", "missing", "python", "ours"],
)
def test_what_differs_is_named_with_what_lets_it_pass(changed: dict[str, Scalar], without: str, said: str) -> None:
    assert why_not(changed, without=without) == said


def test_what_is_allowed_is_marked() -> None:
    machine = FleetMachine("there", HERE | {"package.jax": "0.9"})
    admission = admit([machine], Demands(HERE, allow=("package",)))
    assert admission.admitted == ("there",)
    assert admission.lines == ["there measures all the same: package.jax is 0.9 and must be 0.10.2, as here"]


PACKAGES = {"jax": "0.10.2", "ml-dtypes": "0.5", "nvidia-cudnn-cu12": "9.1", "pip": "25", "triton": "3.4"}


def test_packages_that_no_fingerprint_names_must_agree_where_both_have_them() -> None:
    demands = Demands(HERE, packages=PACKAGES)
    same = FleetMachine("same", HERE, {"ml-dtypes": "0.5", "pip": "24", "black": "1"})
    other = FleetMachine("other", HERE, PACKAGES | {"triton": "3.5"})
    assert admit([same, other], demands).admitted == ("same",)
    assert admit([same, other], demands).refused == {
        "other": "package.triton is 3.5 and must be 3.4, as here; --fleet-allow package.triton lets it"
    }
    allowed = admit([other], Demands(HERE, packages=PACKAGES, allow=("package.triton",)))
    assert allowed.lines == ["other measures all the same: package.triton is 3.5 and must be 3.4, as here"]


def test_another_build_of_a_version_is_another_program_and_measures_only_where_that_is_allowed() -> None:
    here, there = HERE | {"package.torch": "2.13.0+cpu"}, HERE | {"package.torch": "2.13.0+cu130"}
    machine = FleetMachine("cards", there, {"torch": "2.13.0+cu130"})
    asked = Demands(here, packages={"torch": "2.13.0+cpu"})
    assert admit([machine], asked).refused == {
        "cards": "package.torch is 2.13.0+cu130 and must be 2.13.0+cpu, as here; --fleet-allow package.torch lets it"
    }
    allowed = Demands(here, packages=asked.packages, allow=("package.torch",))
    assert admit([machine], allowed).admitted == ("cards",)


def test_of_much_that_differs_the_first_is_named_and_how_much_it_is() -> None:
    machine = FleetMachine("there", HERE | {"package.jax": "0.9"}, dict.fromkeys(PACKAGES, "0.1"))
    assert admit([machine], Demands(HERE, packages=PACKAGES)).refused["there"] == (
        "package.jax is 0.1 and must be 0.10.2, as here; package.ml-dtypes is 0.1 and must be 0.5, as here; "
        "package.nvidia-cudnn-cu12 is 0.1 and must be 9.1, as here and 1 more; --fleet-allow package.jax lets it, and "
        "so each; --fleet-allow package lets all packages"
    )


def test_only_machines_of_the_kind_that_was_asked_for_measure() -> None:
    machines = [
        FleetMachine("small", HERE | {"gpu.count": 1, "gpu.0.name": "L4"}),
        FleetMachine("large", HERE | {"gpu.count": 2, "gpu.0.name": "H100"}),
        FleetMachine("plain", HERE),
    ]
    admission = admit(machines, Demands(HERE, only={"gpu.0.name": "H100", "gpu.count": "2"}))
    assert admission.admitted == ("large",)
    assert admission.refused == {
        "small": "gpu.0.name is L4, and --fleet-only asks for H100; gpu.count is 1, and --fleet-only asks for 2",
        "plain": "gpu.0.name is not known, and --fleet-only asks for H100; gpu.count is not known, and --fleet-only "
        "asks for 2",
    }


def test_a_field_that_no_machine_has_may_be_mistyped_and_one_that_another_has_is_not() -> None:
    machines = [FleetMachine("one", HERE | {"cpu.models": "2"}), FleetMachine("two", HERE)]
    refused = admit(machines, Demands(HERE, only={"cpu.modle": "one"})).refused
    assert refused["two"] == "cpu.modle is not known, and --fleet-only asks for one; did you mean 'cpu.model'?"
    refused = admit(machines, Demands(HERE, only={"cpu.models": "3"})).refused
    assert refused["two"] == "cpu.models is not known, and --fleet-only asks for 3"


def test_a_machine_looks_at_its_own_versions_before_it_starts_anything() -> None:
    request = Request({}, PRESETS["smoke"], processes=1, seed=1, environment={"package.numpy": "0.0"})
    with pytest.raises(FleetError, match=r"package\.numpy is \S+ and must be 0\.0"):
        measure(encode(request), lambda _: None)


def test_a_budget_is_shared_over_turns_of_each_kind_of_device() -> None:
    plain, with_card = FleetMachine("a", {}), FleetMachine("b", {"gpu.count": 1})
    three = [Block(model, "cpu") for model in ("mlp", "bert", "gpt")]
    cards = [Block("mlp", "gpu"), Block("bert", "gpu")]
    assert block_seconds(None, three, [plain]) is None
    assert block_seconds(120.0, three, [plain]) == 40.0
    assert block_seconds(120.0, three, [plain, with_card]) == 60.0
    assert block_seconds(120.0, [*three, *cards], [plain, with_card]) == 30.0, "the card's machine alone has its blocks"
    assert block_seconds(120.0, [], [plain]) is None
