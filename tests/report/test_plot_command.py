"""``speedscore plot`` draws the report's figures as files that others can read, in the size that was asked for."""

from __future__ import annotations

import argparse
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("altair", reason='the report is drawn with it: python -m pip install "speedscore[report]"')

from speedscore.__main__ import main
from speedscore.report.blocks import Report
from speedscore.report.commands import plot
from tests.sample_runs import save
from tests.scoring.sample_runs import two_frameworks

SVG = "{http://www.w3.org/2000/svg}"
FIGURE = "rounds-cpu-training-mlp"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save(tmp_path_factory.mktemp("plotted") / "run.json", two_frameworks()))


@pytest.fixture(scope="module", autouse=True)
def _scored_once() -> Iterator[None]:
    """What the first test makes of the run is used by the others, which ask for the same."""
    made: list[Report] = []
    real = plot._assemble

    def assemble(options: argparse.Namespace) -> Report:
        if not made:
            made.append(real(options))
        return made[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plot, "_assemble", assemble)
        yield


def png_size(content: bytes) -> tuple[int, int]:
    """Pixels, from the header (PNG, third edition, 11.2.1)."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def pixels_per_metre(content: bytes) -> int:
    place = content.index(b"pHYs") + 4
    across, down, unit = struct.unpack(">IIB", content[place : place + 9])
    assert (across, unit) == (down, 1)
    return int(across)


def test_the_list_names_each_figure_and_draws_none(
    run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plot", run, "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"{FIGURE}  Every round: training of mlp on cpu" in lines
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("inches", "css_pixels", "pixels"), [("3.5", 336, 1050), ("7", 672, 2100)])
def test_a_figure_is_as_wide_as_asked_at_300_pixels_an_inch(
    run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], inches: str, css_pixels: int, pixels: int
) -> None:
    folder = tmp_path / "figures"
    assert main(["plot", run, "--figure", FIGURE, "-o", str(folder), "--width", inches]) == 0
    names = [folder / f"{FIGURE}.svg", folder / f"{FIGURE}.png"]
    assert capsys.readouterr().out.splitlines() == [str(name) for name in names]
    drawing = ET.fromstring(names[0].read_text(encoding="utf-8"))
    assert abs(float(drawing.attrib["width"]) - css_pixels) <= 1
    width, height = png_size(names[1].read_bytes())
    assert abs(width - pixels) <= 3
    assert height > 200
    assert pixels_per_metre(names[1].read_bytes()) == pytest.approx(300 / 0.0254, rel=1e-3)


def test_a_picture_says_what_it_shows_and_where_it_comes_from(run: str, tmp_path: Path) -> None:
    path = tmp_path / "one.svg"
    assert main(["plot", run, "--figure", FIGURE, "-o", str(path)]) == 0
    drawing = ET.fromstring(path.read_text(encoding="utf-8"))
    assert drawing.findtext(f"{SVG}title") == "Every round: training of mlp on cpu"
    said = [text.text for text in drawing.iter(f"{SVG}text")]
    assert "speedscore, from run.json" in said
    assert "seconds per step, steps queued" in said
    assert {"jax", "torch", "torch-compile"} <= set(said)


def test_a_name_that_is_no_figure_is_answered_with_the_likeliest(
    run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plot", run, "--figure", "rounds-cpu-training-mpl", "-o", str(tmp_path / "one.svg")]) == 2
    error = capsys.readouterr().err
    assert f"no figure 'rounds-cpu-training-mpl' in these runs; did you mean {FIGURE!r}?" in error


def test_one_file_for_many_figures_is_refused(run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", run, "-o", str(tmp_path / "all.png")]) == 2
    assert "name one with --figure, or a folder" in capsys.readouterr().err
    assert not (tmp_path / "all.png").exists()


def test_a_file_that_is_no_picture_is_refused(run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", run, "--figure", FIGURE, "-o", str(tmp_path / "one.pdf")]) == 2
    assert "one.pdf: expected a name that ends in .svg or .png, or a folder" in capsys.readouterr().err
    assert not (tmp_path / "one.pdf").exists()


@pytest.mark.parametrize("width", ["0", "nan", "wide", "1e9"])
def test_a_width_that_is_none_is_refused(run: str, capsys: pytest.CaptureFixture[str], width: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plot", run, "--list", "--width", width])
    assert ended.value.code == 2
    assert "expected inches from 2.5 to 40" in capsys.readouterr().err
