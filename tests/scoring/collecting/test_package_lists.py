"""What downloaded lists of a package index say of a project, on lists whose numbers are counted by hand."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest

from speedscore.scoring.collecting.collected import Collected, CollectError
from speedscore.scoring.collecting.package_lists import TOP, collect, read_lists
from speedscore.scoring.collecting.projects import Project
from speedscore.scoring.collecting.snapshot_file import Heading

UNTIL = datetime.date(2024, 6, 20)
TORCH = Project(heading=Heading(framework="pytorch", name="PyTorch", role="framework"), package="torch")
TABLE = [
    ("torch", "Tensors", "2024-06-01"),
    ("pytorch-lightning", "Less boilerplate", "2023-07-01"),
    ("old-torch", "One month too old", "2023-06-30"),
    ("zoo", "Models for PyTorch, and more", "2024-06-20"),
    ("never", "torch without a release", ""),
    ("torchvision", "Another word", "2024-06-01"),
    ("storch", "", "2024-06-01"),
    ("quoted", '"torch", said somebody', "2024-06-19"),
]


def csv_of(rows: list[tuple[str, str, str]]) -> str:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    return "\n".join(["name,summary,released", *quoted]) + "\n"


def tabs_of(rows: list[tuple[str, str, str]]) -> str:
    return "\n".join(["released\tname\tversion\tsummary", *(f"{day}\t{name}\t1.0\t{text}" for name, text, day in rows)])


def downloads(*names: str, count: int, day: str = "2024-06-01 04:11:05") -> str:
    rows = [{"project": name, "download_count": 10 * TOP - place} for place, name in enumerate(names)]
    rows += [{"project": f"p{place}", "download_count": TOP - place} for place in range(count - len(names))]
    return msgspec.json.encode({"last_update": day, "query": {}, "rows": rows[::-1]}).decode()


def ask(folder: Path, *texts: str, project: Project = TORCH, until: datetime.date = UNTIL) -> Collected:
    paths = [folder / f"list-{number}" for number, _ in enumerate(texts)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return collect(read_lists(paths, until=until), project)


def values(collected: Collected) -> dict[str, float]:
    return {fact.key: fact.value for fact in collected.facts}


@pytest.mark.parametrize("form", [csv_of, tabs_of])
def test_packages_that_name_it_and_were_released_within_twelve_months(tmp_path: Path, form: object) -> None:
    collected = ask(tmp_path, form(TABLE))  # type: ignore[operator]
    assert values(collected) == {"index_packages_12m": 4}
    (fact,) = collected.facts
    assert fact.as_of == "2024-06-20"
    assert fact.method == (
        "packages with the word pytorch or torch in name or summary and a newest release from 2023-07 to 2024-06, "
        "of 6 with one"
    )
    assert str(tmp_path) not in fact.source + fact.method


def test_the_twelve_months_of_a_december_are_one_year(tmp_path: Path) -> None:
    rows = [("torch", "", "2023-12-05"), ("torch-a", "", "2023-01-01"), ("torch-b", "", "2022-12-31")]
    (fact,) = ask(tmp_path, csv_of(rows), until=datetime.date(2023, 12, 31)).facts
    assert (fact.value, "from 2023-01 to 2023-12" in fact.method) == (2, True)


def test_a_place_among_the_most_downloaded(tmp_path: Path) -> None:
    collected = ask(tmp_path, downloads("boto3", "Torch", count=9))
    assert values(collected) == {"index_download_rank": 2}
    (fact,) = collected.facts
    assert (fact.as_of, fact.unit) == ("2024-06-01", "rank")
    (missing,) = ask(tmp_path, downloads("boto3", count=9)).missing
    assert missing.reason == "torch is not among the 9 most downloaded"


def test_both_lists_together_say_how_many_of_the_most_downloaded_name_it(tmp_path: Path) -> None:
    both = [csv_of(TABLE), downloads("torch", "quoted", "torchvision", count=TOP)]
    for texts in (both, both[::-1]):
        assert values(ask(tmp_path, *texts))["index_top_packages"] == 2
    short = ask(tmp_path, csv_of(TABLE), downloads("torch", count=5_000))
    assert [missing.key for missing in short.missing] == ["index_top_packages"]
    assert "has 5,000 packages, of which 15,000 are needed" in short.missing[0].reason


def test_a_table_may_hold_the_ranks_itself(tmp_path: Path) -> None:
    rows = [f"p{place}\tx\t2024-06\t{place}" for place in range(3, TOP + 1)]
    text = "\n".join(["name\tsummary\treleased\trank", "torch\tTensors\t2024-06\t2", "zoo\ttorch\t2024-06\t", *rows])
    collected = ask(tmp_path, text)
    assert values(collected) == {"index_packages_12m": 2, "index_top_packages": 1, "index_download_rank": 2}
    assert {fact.as_of for fact in collected.facts} == {"2024-06"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "its first line has no column name, summary, released"),
        ("name,summary\ntorch,Tensors\n", "has no column released"),
        ("name,summary,released\n", "no package of it has a release"),
        ("name,summary,released\ntorch,x,yesterday\n", "package 'torch': as_of 'yesterday' is not YYYY-MM"),
        ("name\tsummary\treleased\trank\ntorch\tx\t2024-06\tfirst\n", "package 'torch': invalid literal"),
        ("name,summary,released\ntorch\n", "package 'torch' has 1 of 3 columns"),
        ("{}", "not the monthly list of downloads"),
        ('{"last_update": "now", "rows": []}', "not the monthly list of downloads"),
        (csv_of([("torch", "x", "2024-04-30")]), "goes to 2024-04-30 only, and 2024-06-20 was asked for"),
        (csv_of([("torch", "x", "2024-06-21")]), "so it tells nothing of 2024-06-20"),
        (downloads("torch", count=5, day="2024-04-01"), "goes to 2024-04-01 only"),
    ],
)
def test_what_is_no_list_or_of_another_day_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(CollectError) as caught:
        ask(tmp_path, text)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_second_list_of_a_kind_is_refused(tmp_path: Path) -> None:
    for text, kind in ((csv_of(TABLE), "table of packages"), (downloads("torch", count=2), "list of downloads")):
        with pytest.raises(CollectError, match=f"list-1: a second {kind}"):
            ask(tmp_path, text, text)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="cannot be read"):
        read_lists([tmp_path / "nowhere"], until=UNTIL)
    (tmp_path / "bytes").write_bytes(b"name,summary,released\n\xff")
    with pytest.raises(CollectError, match="is no UTF-8 text"):
        read_lists([tmp_path / "bytes"], until=UNTIL)
