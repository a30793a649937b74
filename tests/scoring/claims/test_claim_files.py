"""Files of claims: those that come with the package are sound, and an unsound one is refused by name."""

from __future__ import annotations

import math
import re
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import geometric_mean

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.workloads.table import MODELS, TASKS
from speedscore.scoring.claims.claim_files import load_claims, shipped_claims
from speedscore.scoring.facts.fact import FactError

SOUND = """
[shared]
kind = "claim"
framework = "jax"
by = "somebody"
as_of = "2024-01"
source = "a page"

[[claims]]
id = "faster"
rivals = ["pytorch", "tensorflow"]
text = "It trains faster"
low = 1
tested_by = ["mlp"]
"""


def write(folder: Path, text: str, name: str = "page.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_claim_about_several_rivals_is_as_many_claims(tmp_path: Path) -> None:
    claims = load_claims(write(tmp_path, SOUND))
    assert [(claim.id, claim.rival) for claim in claims] == [
        ("faster-pytorch", "pytorch"),
        ("faster-tensorflow", "tensorflow"),
    ]
    assert {claim.by for claim in claims} == {"somebody"}


REFUSED = {
    "no TOML": ("[[", "not valid TOML"),
    "another table": ("[more]\n", "unknown field `more`"),
    "unknown field": (SOUND + "colour = 'green'\n", "claim faster: .*unknown field `colour`"),
    "unknown kind": (SOUND.replace('kind = "claim"', 'kind = "rumour"'), "claim faster: .*rumour"),
    "no source": (SOUND.replace('source = "a page"', 'source = " "'), "claim faster: source is empty"),
    "no date": (SOUND.replace("2024-01", "2024-13"), "claim faster: .*no date"),
    "ends turned round": (SOUND + "high = 0.5\n", "claim faster: low 1 lies above high 0.5"),
    "no ratio": (SOUND.replace("low = 1", "low = -1"), "claim faster: low is -1; expected a ratio above 0"),
    "no number": (SOUND.replace("low = 1", ""), "claim faster: without a low there is no number to test"),
    "reading of nothing": (
        SOUND.replace("low = 1", 'reading = "best"'),
        "claim faster: a reading stands without a low",
    ),
    "neither": (SOUND.replace('tested_by = ["mlp"]', ""), "claim faster: expected either tested_by.*neither"),
    "both": (SOUND + 'untestable = "why"\n', "claim faster: expected either tested_by.*both"),
    "rival twice": (SOUND + 'rival = "pytorch"\n', "claim faster: has rival and rivals"),
    "with itself": (SOUND.replace('"pytorch", "tensorflow"', '"jax"'), "claim faster: .*compared with itself"),
    "control character": (SOUND.replace("It trains", "It\\u001b[2J trains"), "claim faster: text is not one line"),
    "beside nothing": (
        SOUND + 'beside = ["other"]\n',
        "claim faster-pytorch: beside names 'other', which has no claim",
    ),
    "strange id": (SOUND.replace('id = "faster"', 'id = "Faster!"'), "claim Faster!: id .* is not lower-case"),
    "insecure address": (SOUND + 'url = "javascript:alert(1)"\n', "claim faster: url .*https://"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_unsound_file_is_refused_with_its_name_and_the_claims(name: str, tmp_path: Path) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(FactError, match=reason) as refused:
        load_claims(write(tmp_path, text))
    assert str(tmp_path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_two_claims_of_one_id_and_a_folder_without_any_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FactError, match="holds no claims"):
        load_claims(tmp_path)
    write(tmp_path, SOUND, "first.toml")
    with pytest.raises(FactError, match=r"second.toml: claim faster-pytorch: .*first.toml has one of that id"):
        load_claims(write(tmp_path, SOUND, "second.toml"))


@pytest.mark.bare
def test_what_comes_with_the_package_can_be_found_again_and_names_models_that_there_are() -> None:
    for claim in shipped_claims():
        assert claim.url or claim.source.split(",")[0]
        known = TASKS if claim.phase == "capability" else MODELS
        assert all(any(fnmatchcase(model, name) for model in known) for name in claim.tested_by), claim.id
        assert {claim.line, claim.rival_line} <= {*FRAMEWORKS, ""}, claim.id


@pytest.mark.bare
def test_ratios_are_those_of_the_timings_that_the_texts_state() -> None:
    claims = {claim.id: claim for claim in shipped_claims()}
    timed = [claim for name, claim in claims.items() if name.startswith("algoperf-") and not name.endswith("-mean")]
    for claim in timed:
        own, rival = re.search(r"([\d.]+) m?s a step in JAX, ([\d.]+) in PyTorch", claim.text).groups()  # type: ignore[union-attr]
        assert claim.low == claim.high == pytest.approx(float(rival) / float(own), abs=1e-3), claim.id
    nine = [claim.low or math.nan for claim in timed if "-892-" in claim.id]
    assert len(nine) == 9
    assert claims["algoperf-892-mean"].low == pytest.approx(geometric_mean(nine), abs=1e-3)


@pytest.mark.bare
def test_the_reference_document_is_quoted_with_its_own_ranges() -> None:
    of_document = {claim.id: claim for claim in shipped_claims() if claim.by == "the reference document"}
    ranges = {name: (claim.low, claim.high) for name, claim in of_document.items() if claim.low is not None}
    for rival in ("pytorch", "tensorflow"):
        assert ranges[f"reference-resnet50-{rival}"] == (1.2, 1.3)
        assert ranges[f"reference-bert-large-{rival}"] == (1.3, 1.5)
        assert ranges[f"reference-gpt-tpu-{rival}"] == (2, 10)
        assert of_document[f"reference-gpt-tpu-{rival}"].device == "tpu"
    assert {claim.as_of for claim in of_document.values()} == {"2024-01"}
