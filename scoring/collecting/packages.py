"""Facts about releases from a package index, by the JSON form of the simple API with upload times (PEP 691, PEP 700).

No file is downloaded and nothing is installed. Where the index has no upload time for a release it is not counted
around; the count is then missing.
"""

from __future__ import annotations

import datetime
import urllib.parse
from collections.abc import Sequence

import msgspec
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import Version

from speedscore.scoring.collecting import definitions, web
from speedscore.scoring.collecting.collected import Collected, CollectedFact, CollectError, MissingFact
from speedscore.scoring.collecting.versions import read_version
from speedscore.scoring.collecting.window import weeks_before, years_between

PYPI = "https://pypi.org/simple/"
_JSON = "application/vnd.pypi.simple.v1+json"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
"""Nothing was uploaded before it."""
_SOURCE_ARCHIVES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.Z", ".tar")


class _Meta(msgspec.Struct, frozen=True):
    version: str = msgspec.field(name="api-version")


class _IndexedFile(msgspec.Struct, frozen=True):
    filename: str
    upload_time: str | None = msgspec.field(name="upload-time", default=None)
    yanked: bool | str = False

    @property
    def uploaded(self) -> datetime.datetime | None:
        """None where the index does not say, or says what cannot be: one odd file must not cost all the others."""
        try:
            moment = datetime.datetime.fromisoformat(self.upload_time or "")
            return moment.astimezone(datetime.UTC) if moment.tzinfo and moment >= _EPOCH else None
        except (ValueError, OverflowError):
            return None


class _Project(msgspec.Struct, frozen=True):
    """The answer of the index, as far as it is used here."""

    meta: _Meta
    files: tuple[_IndexedFile, ...]


class Release(msgspec.Struct, frozen=True):
    """One version on the index."""

    version: Version
    uploaded: datetime.datetime | None
    """Its first file's upload; None where the index does not say."""
    yanked: bool
    """True where every file of it was withdrawn."""


def collect(package: str, *, index: str = PYPI, until: datetime.date) -> Collected:
    """What the index says of ``package`` up to ``until``. Raises CollectError where it says nothing."""
    releases = [release for release in read_releases(package, index=index) if not release.version.is_prerelease]
    undated = sum(release.uploaded is None for release in releases)
    dated = [release for release in releases if release.uploaded and release.uploaded.date() <= until]
    if undated or not dated:
        reason = (
            f"the index gives no upload time for {undated} of {len(releases)} releases"
            if undated
            else f"the index has no release of {package} up to {until}"
        )
        keys = ("releases_per_year", "years_since_first_release")
        return Collected(missing=tuple(MissingFact(key=key, reason=reason) for key in keys))
    host = urllib.parse.urlsplit(index).hostname
    source = f"{'PyPI' if host == 'pypi.org' else host}, release history of {canonicalize_name(package)}"
    return Collected(facts=_release_facts(dated, source=source, until=until))


def _release_facts(dated: Sequence[Release], *, source: str, until: datetime.date) -> tuple[CollectedFact, ...]:
    """From final releases up to ``until``, each with its day."""
    window = weeks_before(until)
    inside = [release for release in dated if not release.yanked and release.uploaded and release.uploaded in window]
    first = min(release.uploaded for release in dated if release.uploaded).date()
    return (
        CollectedFact(
            key="releases_per_year",
            value=len(inside),
            unit="releases",
            as_of=str(until),
            source=source,
            method=f"versions first uploaded from {window}, without pre-releases and withdrawn ones",
            definition=definitions.UPLOADED_RELEASES,
        ),
        CollectedFact(
            key="years_since_first_release",
            value=years_between(first, until),
            unit="years",
            as_of=str(until),
            source=source,
            method=f"from the first upload of a final version, {first}, to {until}",
            definition=definitions.FIRST_UPLOAD,
        ),
    )


def read_releases(package: str, *, index: str) -> tuple[Release, ...]:
    """Every version that the index has a file of. Raises CollectError."""
    try:
        name = canonicalize_name(package, validate=True)
    except InvalidName:
        raise CollectError(
            f"--package {package!r} is no name of a package; expected letters, digits, '-', '_' and '.'"
        ) from None
    url = f"{index.rstrip('/')}/{name}/"
    with web.open_client(headers={"Accept": _JSON}, follow_redirects=True) as client:
        return _releases(_decode(web.send(client, "GET", url), package=package, url=url).files)


def _decode(response: web.Answer, *, package: str, url: str) -> _Project:
    url = web.without_password(url)
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


def _releases(files: Sequence[_IndexedFile]) -> tuple[Release, ...]:
    grouped: dict[Version, list[_IndexedFile]] = {}
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


def version_of_file(filename: str) -> Version | None:
    """The version in a wheel's, an egg's or a source archive's name; None where there is none to be read.

    ``packaging`` reads the names of today's wheels and source archives alone, and an index also holds older ones.
    """
    if filename.endswith((".whl", ".egg")):
        parts = filename.split("-")
        return read_version(parts[1]) if len(parts) > 2 else None
    ending = next((ending for ending in _SOURCE_ARCHIVES if filename.endswith(ending)), None)
    return read_version(filename.removesuffix(ending).rpartition("-")[2]) if ending else None
