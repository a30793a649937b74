"""``speedscore report`` and ``--report`` write one page or a site, whole or not at all, and say what is wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import msgspec
import pytest

import speedscore.plugin
import speedscore.report.plugin
from speedscore.__main__ import main
from speedscore.record.run_record import RunRecord
from tests.sample_runs import save
from tests.scoring.sample_runs import ANNOUNCING, make_run, measured_case, two_frameworks

pytest.importorskip("altair", reason='the report is drawn with it: python -m pip install "speedscore[report]"')


def dated(record: RunRecord, day: str) -> RunRecord:
    return msgspec.structs.replace(record, created=f"{day}T12:00:00+00:00")


def test_the_command_writes_one_file_and_prints_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, page = save(tmp_path / "run.json", two_frameworks()), tmp_path / "new" / "report.html"
    assert main(["report", str(run), "-o", str(page)]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    text = page.read_text(encoding="utf-8")
    assert "</html>" in text
    assert "torch-compile" in text


def test_a_name_that_is_no_page_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = save(tmp_path / "run.json", two_frameworks())
    assert main(["report", str(run), "-o", str(tmp_path / "report.pdf")]) == 2
    assert "expected a name that ends in .html, or a folder" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = save(tmp_path / "run.json", two_frameworks())
    (tmp_path / "file").write_text("")
    assert main(["report", str(run), "-o", str(tmp_path / "file" / "report.html")]) == 2
    assert "report.html: not written (" in capsys.readouterr().err


def test_without_its_libraries_one_line_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "altair" else find(name))
    run = save(tmp_path / "run.json", two_frameworks())
    assert main(["report", str(run), "-o", str(tmp_path / "report.html")]) == 2
    assert 'altair: not installed; python -m pip install "speedscore[report]"' in capsys.readouterr().err


def test_a_folder_gets_a_page_of_all_runs_and_one_of_each(tmp_path: Path) -> None:
    runs = [save(tmp_path / f"{day}.json", dated(two_frameworks(), f"2026-11-0{day}")) for day in (1, 2)]
    site = tmp_path / "site"
    assert main(["report", *map(str, runs), "-o", str(site)]) == 0
    pages = sorted((site / "runs").iterdir())
    assert [page.name[:19] for page in pages] == ["2026-11-01T12-00-00", "2026-11-02T12-00-00"]
    index = (site / "index.html").read_text(encoding="utf-8")
    assert all(f'href="runs/{page.name}"' in index for page in pages)


def test_adding_a_run_to_a_site_leaves_the_pages_that_others_link_to(tmp_path: Path) -> None:
    site = tmp_path / "site"
    first = save(tmp_path / "first.json", dated(two_frameworks(), "2026-11-01"))
    assert main(["report", str(first), "-o", str(site)]) == 0
    (page,) = (site / "runs").iterdir()
    page.write_text("as it was sent around")
    second = save(tmp_path / "second.json", dated(two_frameworks(), "2026-11-02"))
    assert main(["report", str(first), str(second), "-o", str(site)]) == 0
    assert page.read_text() == "as it was sent around"
    assert len(list((site / "runs").iterdir())) == 2


def test_a_run_that_cannot_be_scored_has_no_page_and_the_index_says_why(tmp_path: Path) -> None:
    inside = save(tmp_path / "inside.json", dated(make_run(measured_case("jax", 0.01), in_process=True), "2026-11-01"))
    newer = save(tmp_path / "newer.json", dated(two_frameworks(), "2026-11-02"))
    site = tmp_path / "site"
    assert main(["report", str(inside), str(newer), "-o", str(site)]) == 0
    assert len(list((site / "runs").iterdir())) == 1
    assert "its frameworks ran inside pytest" in (site / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with one passing test and a plugin that announces ``run.json`` as the measuring half would."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(ANNOUNCING)
    pytester.makepyfile("def test_one(): pass")
    return pytester


def test_a_page_of_somebody_else_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path / "run.json", two_frameworks())
    (tmp_path / "index.html").write_text("<h1>mine</h1>")
    assert main(["report", str(tmp_path / "run.json"), "-o", str(tmp_path)]) == 2
    assert "index.html: a page stands there that is no report" in capsys.readouterr().err
    assert (tmp_path / "index.html").read_text() == "<h1>mine</h1>"
    (tmp_path / "index.html").unlink()
    for _ in range(2):
        assert main(["report", str(tmp_path / "run.json"), "-o", str(tmp_path)]) == 0


def run_session(session: pytest.Pytester, record: RunRecord, *options: str) -> pytest.RunResult:
    save(session.path / "run.json", record)
    return session.runpytest_inprocess(*options, plugins=[speedscore.plugin, speedscore.report.plugin])


def test_a_session_ends_with_its_page(session: pytest.Pytester) -> None:
    result = run_session(session, two_frameworks(), "--report", "report.html")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["speedscore: report: report.html"])
    assert "run.json" in (session.path / "report.html").read_text(encoding="utf-8")


def test_a_session_that_asks_for_none_writes_none(session: pytest.Pytester) -> None:
    assert run_session(session, two_frameworks()).ret == 0
    assert list(session.path.glob("*.html")) == []


def test_a_page_that_could_not_be_written_later_is_refused_before_anything_is_measured(
    session: pytest.Pytester,
) -> None:
    result = run_session(session, two_frameworks(), "--report", "report.txt")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --report: report.txt: expected a name that ends in .html*"])
    assert result.outlines == []


def test_where_nothing_was_measured_a_page_of_before_stays(session: pytest.Pytester) -> None:
    page = session.path / "report.html"
    page.write_text("of an earlier session")
    skipped = msgspec.structs.replace(
        measured_case("jax", 0.01), status="skipped", reason="no driver", rounds=(), certificate=None
    )
    result = run_session(session, make_run(skipped), "--report", "report.html")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["speedscore: no report: nothing was measured"])
    assert page.read_text() == "of an earlier session"


def test_a_run_that_cannot_be_ranked_has_no_page_and_the_session_says_so(session: pytest.Pytester) -> None:
    inside = make_run(measured_case("jax", 0.01), in_process=True)
    result = run_session(session, inside, "--report", "report.html")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["speedscore: no report: *inside pytest*"])
    result.assert_outcomes(passed=1)
