"""The report that another run of a workflow uploaded, which may have run a stranger's code: read as if it were hostile.

The archive is never unpacked: one file of a known name is read from it in memory, up to a limit, whatever sizes it
claims; what is no report is refused.
"""

from __future__ import annotations

import io
import zipfile
import zlib

import msgspec

from speedscore.gate.posting.github import GitHub
from speedscore.gate.posting.rest import PostingError
from speedscore.gate.reporting.report import GateReport
from speedscore.gate.reporting.report_file import read_report

FILE = "gate.json"
_MOST_ARCHIVE_BYTES = 20_000_000
_MOST_REPORT_BYTES = 5_000_000
"""That of 10,000 cases has 4 MB."""


class _Artifact(msgspec.Struct, frozen=True):
    id: int
    name: str
    expired: bool = False


class _Artifacts(msgspec.Struct, frozen=True):
    artifacts: tuple[_Artifact, ...] = ()


def artifact_name(name: str) -> str:
    """What the action calls the artifact of a gate of that name."""
    return f"speedscore-{name}"


def report_of_run(github: GitHub, run_id: int, *, name: str) -> GateReport | None:
    """The report of the gate of that name; None where the run left none, as one that was skipped or cancelled.

    Raises PostingError for what is no archive, and GateReportError for what is no report.
    """
    path, wanted = f"/repos/{github.repository}/actions", artifact_name(name)
    listed = github.rest.get(f"{path}/runs/{run_id}/artifacts", _Artifacts, name=wanted, per_page=100)
    found = [each.id for each in listed.artifacts if each.name == wanted and not each.expired]
    if not found:
        return None
    archive = github.rest.download(f"{path}/artifacts/{max(found)}/zip", most_bytes=_MOST_ARCHIVE_BYTES)
    return read_report(_read_archive(archive), what=f"{FILE} of run {run_id}")


def _read_archive(archive: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened, opened.open(FILE) as file:
            text = file.read(_MOST_REPORT_BYTES + 1)
    except KeyError:
        raise PostingError(f"the artifact holds no {FILE}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise PostingError(f"the artifact is no archive that can be read: {error}") from None
    if len(text) > _MOST_REPORT_BYTES:
        raise PostingError(f"{FILE}: expected at most {_MOST_REPORT_BYTES} bytes, found more")
    return text
