"""What an upgrade comes to: requests that are refused, constraints that are left out, and what installers say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from speedscore.gate.deadline import GateDeadline
from speedscore.gate.environments.made_environments import Runner
from speedscore.gate.environments.requirements import fulfils
from speedscore.gate.errors import GateError
from speedscore.gate.upgrades.conflicts import broken_by, conflicts
from speedscore.gate.upgrades.direct_urls import is_known, known_locally, known_to_uv
from speedscore.gate.upgrades.pins import Pin, changes_of_pip, changes_of_uv
from speedscore.gate.upgrades.resolving import Resolved, check_requests, resolve, without_contradicted
from speedscore.gate.upgrades.upgrading import Upgrade
from tests.gate.upgrades.made_up_installers import PRESENT, Installers, environment

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("jax=0.8.0", "a wheel or the folder of a project, found 'jax=0.8.0'"),
        ("requirements-old.txt", "no file requirements-old.txt; expected"),
        ("kite-1.0.tar.gz", "no file kite-1.0.tar.gz; expected"),
        ("./nowhere", "a wheel or the folder of a project, found './nowhere'"),
        ("uv.lock", "found 'uv.lock'; export it first, as with `uv export --no-emit-local -o "),
        ("old/poetry.lock", "found 'old/poetry.lock'; export it first, as with `poetry export -o "),
        ("pdm.lock", "as with `pdm export -o "),
        ("Pipfile.lock", "as with `pipenv requirements > "),
        ("pyproject.toml", "found 'pyproject.toml'; export it first, as with `uv pip compile pyproject.toml -o "),
        ("pylock.dev.toml", "found 'pylock.dev.toml'; let the tool that wrote it write a requirements file"),
        ("kite @ git+https://me:secret@host/kite here", "found kite @ git+https://host/kite here"),
        ("https://me:secret@host/kite.whl", "NAME @ ADDRESS, a requirements file, a wheel"),
        ("https://me:sec/ret@host/kite.whl", "found https://host/kite.whl"),
    ],
)
def test_what_no_installer_could_read_is_refused_with_what_to_do(request_: str, said: str) -> None:
    with pytest.raises(GateError) as error:
        check_requests([request_])
    assert said in str(error.value)
    assert "ret@" not in str(error.value)


def test_requirements_and_files_of_them_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "requirements-new.txt"
    file.write_text("jax==0.8.0\n")
    (tmp_path / "setup.py").touch()
    check_requests(["jax==0.8.0", "jax[cuda] >= 0.5, < 0.6", "kite @ https://host/kite.whl", str(file), str(tmp_path)])


def test_a_package_from_another_place_differs_though_its_version_does_not() -> None:
    base, head = environment({"kite": "1.0", "plume": "1"}), environment({"Kite": "1.0", "plume": "2"})
    pins = (Pin("kite", "", "https://me:secret@x/kite.zip"), Pin("plume", "2", "file:///plume"))
    made = Upgrade(base, base=base, head=head, resolved=Resolved(pins, tool="uv"))
    assert made.differing == (
        {"kite": "1.0", "plume": "1"},
        {"kite": "1.0 from https://x/kite.zip", "plume": "2"},
    )


def test_constraints_hold_as_far_as_the_upgrade_does_not_contradict_them() -> None:
    lines = ["# pins", "jax==0.10.2", "Jax_Lib==0.10.2", "numpy==2.0.0", "scipy>=1.5", "flax<0.11"]
    requested = [Requirement("jax==0.8.0"), Requirement("numpy>=1.26"), Requirement("flax==0.10.1")]
    assert without_contradicted(lines, requested) == [line for line in lines if line != "jax==0.10.2"]
    assert without_contradicted(["numpy==1.0 # old"], requested) == []
    assert without_contradicted(["flax<0.10"], requested) == []
    assert without_contradicted(["torch==2.3.0+cpu"], [Requirement("torch==2.3.0")]) == ["torch==2.3.0+cpu"]
    assert without_contradicted(["torch==2.3.0+cpu"], [Requirement("torch==2.4.0")]) == []


def test_a_requirement_that_versions_do_not_fulfil_is_a_conflict() -> None:
    requires = {"flax": ("jax>=0.9", 'numpy<1; extra == "old"', "msgpack", "absent>=2"), "jax": ("jaxlib==0.8.0",)}
    found = conflicts(requires, {"jax": "0.8.0", "jaxlib": "0.8.0", "numpy": "2.0", "msgpack": "1.0"})
    assert [(each.package, each.requirement, each.found) for each in found] == [("flax", "jax>=0.9", "0.8.0")]


@pytest.mark.parametrize("version", ["2004d", "custom-build", ""])
def test_a_version_that_compares_with_none_is_in_no_conflict(version: str) -> None:
    """Older versions of packaging raise where they meet it, newer ones say that nothing admits it."""
    assert conflicts({"a": ("zone>=1", "zone===2004d")}, {"zone": version}) == []
    assert without_contradicted(["zone===2004d"], [Requirement("zone>=1")]) == ["zone===2004d"]
    assert fulfils(version, Requirement("zone<2"))


def test_a_pre_release_is_a_version_like_another() -> None:
    assert conflicts({"a": ("jax>=0.8",)}, {"jax": "0.9.0.dev20260101+abc"}) == []
    assert [each.found for each in conflicts({"a": ("jax>=0.9",)}, {"jax": "0.9.0rc1"})] == ["0.9.0rc1"]


def test_what_is_no_requirement_and_what_no_machine_can_tell_is_required_by_nobody() -> None:
    assert conflicts({"a": ("zone (>= what)", 'zone<1; platform_machine ~= "one"')}, {"zone": "2"}) == []


def test_what_was_broken_before_is_not_said_to_be_broken_by_the_upgrade() -> None:
    present = environment({"jax": "0.10", "Flax": "1", "old": "1"}, Flax=("jax>=0.9",), old=("jax<0.2",))
    assert [each.package for each in broken_by([Pin("jax", "0.8.0")], present)] == ["flax"]
    assert broken_by([Pin("jax", "0.9.5")], present) == []
    assert broken_by([Pin("jax", "0.8.0"), Pin("flax", "0.9")], present) == []


def test_the_changes_that_uv_prints() -> None:
    said = """Resolved 6 packages in 12ms
Would download 2 packages
Would uninstall 1 package
Would install 2 packages
 - jax==0.10.2
 + jax==0.8.0
 + My.Lib==1.0+local (from file:///tmp/my_lib-1.0.whl)
"""
    assert changes_of_uv(said) == (Pin("jax", "0.8.0"), Pin("my-lib", "1.0+local", url="file:///tmp/my_lib-1.0.whl"))
    named = " + kite @ file:///tmp/kite\n + my-lib @ https://x/my_lib-2.0%2Bcpu-py3-none-any.whl\n"
    assert changes_of_uv(f"Would install 2 packages\n{named}") == (
        Pin("kite", "", url="file:///tmp/kite"),
        Pin("my-lib", "2.0+cpu", url="https://x/my_lib-2.0%2Bcpu-py3-none-any.whl"),
    )
    assert changes_of_uv("Audited 1 package in 3ms\nWould make no changes\n") == ()


@pytest.mark.parametrize(
    "said",
    [
        "Would install 2 packages\n + jax==0.8.0\n ~ jaxlib 0.8.0\n",
        "\x1b[2mWould install \x1b[1m1 package\x1b[0m\x1b[0m\n \x1b[32m+\x1b[39m \x1b[1mjax\x1b[0m==0.8.0",
        "1 package is to be installed\n",
        "Would make no changes\n + jax==0.8.0\n",
    ],
    ids=["another sign", "in colours", "other words", "contradicts itself"],
)
def test_changes_that_cannot_all_be_read_are_not_taken_for_none(said: str) -> None:
    with pytest.raises(GateError, match="from uv, and could read"):
        changes_of_uv(said)


NO_CHANGES = "Would make no changes\n"
JAX = "Would install 1 package\n + jax==0.8.0\n"


def refuse(command: Sequence[str], *words: str) -> None:
    if any(word in command for word in words):
        raise GateError("no")


@pytest.fixture
def with_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")


@pytest.fixture
def without_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)


@pytest.mark.usefixtures("with_uv")
def test_uv_is_asked_without_colours_whatever_the_environment_says(tmp_path: Path) -> None:
    installers = Installers(lambda _: NO_CHANGES)
    assert resolve(["jax==0.10"], PRESENT, run=installers, scratch=tmp_path) == Resolved((), tool="uv")
    (command,) = installers.commands
    assert command[:6] == ["/bin/uv", "pip", "install", "--dry-run", "--color", "never"]


@pytest.mark.usefixtures("with_uv")
def test_where_the_answer_of_uv_cannot_be_read_pip_is_asked_and_the_report_says_so(tmp_path: Path) -> None:
    resolved = resolve(["jax==0.8.0"], PRESENT, run=Installers(lambda _: "Would install 1 package\n"), scratch=tmp_path)
    assert (resolved.tool, resolved.remarks) == ("pip", ("uv could not tell what the upgrade changes; pip was asked",))


@pytest.mark.usefixtures("with_uv")
def test_remarks_are_those_of_the_set_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first set breaks flax; with flax only pip finds one, and only without the constraints."""
    (tmp_path / "old.txt").write_text("numpy==1")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "old.txt"))

    def answer(command: Sequence[str]) -> str:
        if "flax" in command:
            refuse(command, "/bin/uv")
            if installers.pip_constraint[-1]:
                raise GateError("no")
        return JAX

    installers = Installers(answer)
    resolved = resolve(["jax==0.8.0"], PRESENT, run=installers, scratch=tmp_path)
    assert resolved.remarks == (
        "uv could not tell what the upgrade changes; pip was asked",
        "resolved without PIP_CONSTRAINT, which does not admit the upgrade or cannot be read",
    )


@pytest.mark.usefixtures("with_uv")
def test_remarks_of_a_set_that_is_not_taken_are_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only pip finds the first, which breaks flax; uv finds the one with flax."""

    def answer(command: Sequence[str]) -> str:
        if "flax" not in command:
            refuse(command, "/bin/uv")
        return NO_CHANGES

    monkeypatch.setattr("speedscore.gate.upgrades.resolving.changes_of_pip", lambda _: (Pin("jax", "0.8.0"),))
    resolved = resolve(["jax==0.8.0"], PRESENT, run=Installers(answer), scratch=tmp_path)
    assert (resolved.tool, resolved.remarks) == ("uv", ())


CONSTRAINTS = "https://me:secret@host/constraints.txt"


@pytest.mark.usefixtures("with_uv")
def test_constraints_at_an_address_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.txt").write_text("numpy==1\njax==0.10\n")
    monkeypatch.setenv("PIP_CONSTRAINT", f"{CONSTRAINTS} {tmp_path / 'own.txt'}")
    installers = Installers(lambda _: NO_CHANGES)
    assert resolve(["jax==0.8.0"], PRESENT, run=installers, scratch=tmp_path).remarks == ()
    (command,) = installers.commands
    given = [command[place + 1] for place, word in enumerate(command) if word == "--constraints"]
    assert given == [CONSTRAINTS, str(tmp_path / "constraints.txt")]
    assert (tmp_path / "constraints.txt").read_text() == "numpy==1"


@pytest.mark.usefixtures("without_uv")
def test_constraints_at_an_address_that_admit_no_set_are_said_to_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONSTRAINT", CONSTRAINTS)

    def answer(_: Sequence[str]) -> str:
        if installers.pip_constraint[-1]:
            raise GateError("no")
        return ""

    installers = Installers(answer)
    (remark,) = resolve(["jax==0.10"], PRESENT, run=installers, scratch=tmp_path).remarks
    assert installers.pip_constraint == [CONSTRAINTS, ""]
    assert remark.startswith("resolved without PIP_CONSTRAINT, ")


@pytest.mark.usefixtures("without_uv")
def test_constraints_that_cannot_be_read_are_said_to_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.txt").write_text("numpy==1")
    for beside, holding in ((f" {tmp_path / 'own.txt'}", str(tmp_path / "constraints.txt")), ("", "")):
        monkeypatch.setenv("PIP_CONSTRAINT", f"/no/such/constraints.txt{beside}")
        installers = Installers(lambda _: "")
        (remark,) = resolve(["jax==0.10"], PRESENT, run=installers, scratch=tmp_path).remarks
        assert remark == "resolved without /no/such/constraints.txt of PIP_CONSTRAINT, which cannot be read"
        assert installers.pip_constraint == [holding]


def test_the_changes_that_pip_reports() -> None:
    hashes = {"archive_info": {"hashes": {"sha256": "ab"}}}
    report = {
        "install": [
            {"metadata": {"name": "JaxLib", "version": "0.8.0"}, "download_info": {"url": "https://x/a.whl"} | hashes},
            {"metadata": {"name": "a", "version": "1"}, "download_info": {"url": "file:///a"}, "is_direct": True},
            {
                "metadata": {"name": "b", "version": "1"},
                "download_info": {
                    "url": "https://x/b.git",
                    "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT},
                    "subdirectory": "python",
                },
                "is_direct": True,
            },
        ]
    }
    pins = changes_of_pip(json.dumps(report).encode())
    at_commit = f"git+https://x/b.git@{COMMIT}#subdirectory=python"
    assert pins == (Pin("a", "1", "file:///a"), Pin("b", "1", at_commit), Pin("jaxlib", "0.8.0", sha256="ab"))
    assert [pin.requirement for pin in pins] == ["a @ file:///a", f"b @ {at_commit}", "jaxlib==0.8.0"]


def test_a_package_that_is_named_by_its_place_is_known_by_what_lies_there(tmp_path: Path) -> None:
    folder, archive = tmp_path / "a project", tmp_path / "b.tar.gz"
    folder.mkdir()
    (folder / "setup.py").write_text("one")
    archive.write_bytes(b"one")
    local = (Pin("a", "", folder.as_uri()), Pin("b", "1", archive.as_uri()), Pin("c", "1"))
    first = known_locally(local)
    assert all(map(is_known, first))
    assert known_locally(local) == first
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "setup.pyc").touch()
    assert known_locally(local) == first, "what is made from the sources is none of them"
    (folder / "setup.py").write_text("two")
    archive.write_bytes(b"two")
    second = known_locally(local)
    assert [one == two for one, two in zip(first, second, strict=True)] == [False, False, True]


def test_what_may_be_another_thing_tomorrow_is_not_known() -> None:
    assert is_known(Pin("a", "1", f"git+ssh://git@x/a.git@{COMMIT}#subdirectory=b"))
    unknown = (Pin("a", "1", "git+https://x/a.git@main"), Pin("a", "1", "https://x/a.zip"), Pin("a", "1", "file:///no"))
    assert known_locally(unknown) == unknown
    assert not any(map(is_known, unknown))


@pytest.mark.parametrize(("uv", "sha256"), [("cat > $OUT", "ab"), ("exit 2 # as an old one", "")], ids=["new", "old"])
def test_an_archive_in_the_net_is_known_by_the_digest_that_uv_tells(tmp_path: Path, uv: str, sha256: str) -> None:
    lock = '[[packages]]\nname = "a"\narchive = { url = "https://x/a.zip", hashes = { sha256 = "ab" } }'
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\nwhile [ $1 != --output-file ]; do shift; done; OUT=$2\n{uv} <<'EOF'\n{lock}\nEOF\n")
    program.chmod(0o755)
    run = Runner("--gate-upgrade", "resolving", environment({}), GateDeadline())
    pins = (Pin("a", "", "https://x/a.zip"), Pin("b", "1"))
    known = known_to_uv(pins, uv=str(program), python="python", run=run, scratch=tmp_path)
    assert known == (Pin("a", "", "https://x/a.zip", sha256=sha256), Pin("b", "1"))
