"""Facts about releases from a package index, by the JSON form of the simple API with upload times (PEP 691, PEP 700).

No file is downloaded and nothing is installed. Where the index has no upload time for a release it is not counted
around; the count is then missing.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import re
import urllib.parse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec

from speedscore.scoring.collecting import web
from speedscore.scoring.collecting.found import Collected, CollectError, Found, Missing
from speedscore.scoring.collecting.versions import is_final, is_version, normal_name
from speedscore.scoring.collecting.window import weeks_before, years_between

if TYPE_CHECKING:
    import httpx

PYPI = "https://pypi.org/simple/"
_JSON = "application/vnd.pypi.simple.v1+json"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SDIST = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.Z", ".tar")


class _Meta(msgspec.Struct, frozen=True):
    version: str = msgspec.field(name="api-version")


class _File(msgspec.Struct, frozen=True):
    filename: str
    uploaded: Annotated[datetime.datetime, msgspec.Meta(tz=True)] | None = msgspec.field(
        name="upload-time", default=None
    )
    yanked: bool | str = False


class _Project(msgspec.Struct, frozen=True):
    """The answer of the index, as far as it is used here."""

    meta: _Meta
    files: tuple[_File, ...]


class Release(msgspec.Struct, frozen=True):
    """One version on the index."""

    version: str
    uploaded: datetime.datetime | None
    """Its first file's upload; None where the index does not say."""
    yanked: bool
    """True where every file of it was withdrawn."""


def collect(package: str, *, index: str = PYPI, until: datetime.date) -> Collected:
    """What the index says of ``package`` up to ``until``. Raises CollectError where it says nothing."""
    releases = [release for release in read_releases(package, index=index) if is_final(release.version)]
    found, missing = [], []
    host = urllib.parse.urlsplit(index).hostname
    where = f"{'PyPI' if host == 'pypi.org' else host}, release history of {normal_name(package)}"
    undated = [release.version for release in releases if release.uploaded is None]
    dated = [release for release in releases if release.uploaded and release.uploaded.date() <= until]
    if undated or not dated:
        reason = f"the index gives no upload time for {len(undated)} of {len(releases)} releases"
        if not undated:
            reason = f"the index has no release of {package} up to {until}"
        missing = [Missing(key=key, reason=reason) for key in ("releases_per_year", "years_since_first_release")]
    else:
        window = weeks_before(until)
        inside = [
            release for release in dated if not release.yanked and release.uploaded and release.uploaded in window
        ]
        first = min(release.uploaded for release in dated if release.uploaded).date()
        found = [
            Found(
                key="releases_per_year",
                value=len(inside),
                unit="releases",
                as_of=str(until),
                source=where,
                method=f"versions first uploaded from {window}, without pre-releases and withdrawn ones",
            ),
            Found(
                key="years_since_first_release",
                value=years_between(first, until),
                unit="years",
                as_of=str(until),
                source=where,
                method=f"from the first upload of a final version, {first}, to {until}",
            ),
        ]
    return Collected(found=tuple(found), missing=tuple(missing), notes=tuple(_installed(package)))


def read_releases(package: str, *, index: str) -> tuple[Release, ...]:
    """Every version that the index has a file of. Raises CollectError."""
    if not _NAME.fullmatch(package):
        raise CollectError(f"--package {package!r} is no name of a package; expected letters, digits, '-', '_' and '.'")
    url = f"{index.rstrip('/')}/{normal_name(package)}/"
    with web.open_client(headers={"Accept": _JSON}, follow_redirects=True) as client:
        return _releases(_decode(web.send(client, "GET", url), package=package, url=url).files)


def _decode(response: httpx.Response, *, package: str, url: str) -> _Project:
    if response.status_code == 404:
        raise CollectError(f"{url}: there is no project {package!r}; check --package, or name another --index")
    if response.status_code != 200:
        raise CollectError(f"{url}: answered {response.status_code} where 200 was expected; try again later")
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    if kind != _JSON:
        raise CollectError(
            f"{url}: answered {kind or 'without a type'} where {_JSON} was asked for; name another --index"
        )
    try:
        project = msgspec.json.decode(response.content, type=_Project)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CollectError(f"{url}: the answer has not the form of PEP 691 ({' '.join(str(error).split())})") from error
    if project.meta.version.partition(".")[0] != "1":
        raise CollectError(f"{url}: speaks version {project.meta.version} of the simple API; 1.x is understood")
    return project


def _releases(files: Sequence[_File]) -> tuple[Release, ...]:
    grouped: dict[str, list[_File]] = {}
    for file in files:
        if version := version_of_file(file.filename):
            grouped.setdefault(version, []).append(file)
    return tuple(
        Release(
            version=version,
            uploaded=min((file.uploaded for file in group if file.uploaded), default=None),
            # An empty text is a reason too: withdrawn, without saying why.
            yanked=all(file.yanked is not False for file in group),
        )
        for version, group in grouped.items()
    )


def version_of_file(filename: str) -> str | None:
    """The version in a wheel's, an egg's or a source archive's name; None where there is none to be read."""
    if filename.endswith((".whl", ".egg")):
        parts = filename.split("-")
        version = parts[1] if len(parts) > 2 else ""
    else:
        ending = next((ending for ending in _SDIST if filename.endswith(ending)), None)
        version = filename.removesuffix(ending).rpartition("-")[2] if ending else ""
    version = version.lower()
    return version if is_version(version) else None


def _installed(package: str) -> list[str]:
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return []
    return [f"{package} {version} is installed here; its metadata holds no dates, so no fact comes from it"]
