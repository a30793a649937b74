"""The projects that the fixtures know, and where each can be counted: its package, its repository, its clone.

What a project is called and where it lives stands in its snapshots, so a framework that another package brings is
refreshed like the others. Nothing here asks any of these places.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from speedscore.scoring.collecting.collected import CollectError
from speedscore.scoring.collecting.snapshot_file import Heading
from speedscore.scoring.facts.snapshots import Snapshot


class Project(msgspec.Struct, frozen=True):
    """One framework or layer, where it lives, and which of these places are to be asked."""

    heading: Heading
    package: str | None = None
    """Its name on the package index."""
    repository: str | None = None
    """``owner/name`` on GitHub."""
    clone: Path | None = None
    is_known: bool = False
    """Whether a snapshot says what is in the heading."""
    asked: frozenset[str] = frozenset({"package", "repository"})
    """Whose servers are asked, of ``package`` and ``repository``; the one that is not asked is a name all the same."""

    @property
    def framework(self) -> str:
        return self.heading.framework

    @property
    def words(self) -> tuple[str, ...]:
        """What others call it."""
        called = (self.heading.name, self.framework, self.package or "")
        return tuple(dict.fromkeys(word.lower() for word in called if word))


def known_projects(snapshots: Iterable[Snapshot]) -> dict[str, Project]:
    """Each framework and layer by its folder, as its newest snapshot that says so has it; ``clone`` is None."""
    projects: dict[str, Project] = {}
    for snapshot in sorted(snapshots, key=lambda snapshot: (snapshot.framework, snapshot.month, snapshot.day)):
        before = projects.get(snapshot.framework)
        projects[snapshot.framework] = Project(
            heading=Heading(
                framework=snapshot.framework,
                name=snapshot.name,
                role=snapshot.role,
                layer_of=snapshot.layer_of,
                purpose=snapshot.purpose,
            ),
            is_known=True,
            # By its folder's name, where no snapshot says another.
            package=snapshot.package or (before.package if before else None) or snapshot.framework,
            repository=snapshot.repository or (before.repository if before else None),
        )
    return projects


def find_clone(folder: Path, project: Project) -> Path:
    """The project's clone in a folder of clones, by its own name or its repository's.

    Raises CollectError where there is none, with the command that makes one.
    """
    names = [project.framework, *([project.repository.rpartition("/")[2]] if project.repository else [])]
    places = [folder / name for name in dict.fromkeys((*names, *(f"{name}.git" for name in names)))]
    for place in places:
        if place.is_dir():
            return place
    cure = f"; git clone https://github.com/{project.repository} {places[0]}" if project.repository else ""
    raise CollectError(f"no clone at {' or '.join(map(str, places[: len(set(names))]))}{cure}")
