"""What a reader says of files that are all as an earlier reading left them: no format is asked, nothing is opened."""

# Names as the system gives them, by the thousand: no Path objects in here.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tracetui.core.batch import Aside, Progress, SeenFile
from tracetui.core.reading.memory import FileState
from tracetui.core.sources.file import FileSource, OpenFiles, Place

if TYPE_CHECKING:
    from tracetui.core.batch import Batch, Explanation, Notice
    from tracetui.core.sources._base import Source


class StillReader:
    """Answers as the reader would that had just read these files."""

    def __init__(
        self, paths: Sequence[str], states: Sequence[FileState], troubles: dict[str, str], oddities: dict[str, str]
    ) -> None:
        self._paths = paths
        self._states = states
        self._troubles = troubles
        self._oddities = oddities
        self._sources: dict[int, Source] | None = None

    @property
    def sources(self) -> dict[int, Source]:
        """Every source that the store speaks of, by id."""
        if self._sources is None:
            known = {state.source: state for state in self._states if state.source >= 0}
            files = OpenFiles(0)
            self._sources = {id: _source(id, known.get(id), files) for id in range(max(known, default=-1) + 1)}
        return self._sources

    @property
    def progress(self) -> Progress:
        """All is read."""
        size = sum(state.status[2] for state in self._states if state.stage == "claimed")
        return Progress(len(self._states), len(self._states), size, size, False, True)

    @property
    def unrecognised(self) -> list[tuple[str, str]]:
        """Paths that no format reads, with the reason."""
        return sorted([*self._staged("unclaimed"), *self._oddities.items()])

    @property
    def unreadable_paths(self) -> list[tuple[str, str]]:
        """Files and folders that the system does not let be read, with the reason."""
        return sorted({*self._staged("refused"), *self._troubles.items()})

    @property
    def set_aside(self) -> list[Aside]:
        """Reports and copies, which belong to runs without being read."""
        return [
            Aside(state.path, state.format, state.bundle, state.role, state.reason)
            for state in sorted(self._states, key=lambda state: state.path)
            if state.stage == "aside"
        ]

    @property
    def files(self) -> list[SeenFile]:
        """The files that formats claimed."""
        return [
            SeenFile(
                state.path,
                *state.status[:4],
                state.source,
                state.format,
                state.bundle_number,
                state.role,
                bool(state.tables),
            )
            for state in self._states
            if state.stage in ("claimed", "aside")
        ]

    def poll(self, budget_s: float = 0.05, max_bytes: int = 0) -> list[Batch]:  # noqa: ARG002 - as the reader is called
        """Nothing is to be read."""
        return []

    def next_due(self, now: float) -> float:  # noqa: ARG002 - as the reader is called
        """Never."""
        return float("inf")

    def take_notices(self) -> list[Notice]:
        """None."""
        return []

    def explain(self, path: str) -> Explanation:
        """Why a file is read as it is, by looking at it now. Raises OSError for a path that cannot be read."""
        from tracetui.core.reader import Reader

        return Reader(self._paths).explain(path)

    def close(self) -> None:
        """Nothing is open."""

    def _staged(self, stage: str) -> list[tuple[str, str]]:
        return [(state.path, state.reason) for state in self._states if state.stage == stage]


def still_reader(paths: Sequence[str], states: Sequence[FileState]) -> StillReader | None:
    """A reader for files that are all as they were, and no others there, by walking the folders; None: something changed."""
    from tracetui.core.discovery import Discovery, Found

    discovery = Discovery(paths)
    left = {state.path: state for state in states}
    inodes: set[tuple[int, int]] = set()
    while discovery.busy:
        for finding in discovery.step():
            if not isinstance(finding, Found):
                continue
            status = finding.status
            state = left.pop(finding.path, None)
            if state is None and (status.st_dev, status.st_ino) in inodes:
                continue  # one file of two names
            if state is None or not state.is_same(status):
                return None
            inodes.add((status.st_dev, status.st_ino))
    return None if left else StillReader(paths, states, discovery.troubles, discovery.oddities)


def _source(id: int, state: FileState | None, files: OpenFiles) -> Source:
    if state is None:  # its file was given up
        return FileSource(id, Place("", -1, -1), files, -1)
    if state.tables:
        from tracetui.core.sources.sqlite import SqliteSource

        return SqliteSource(id, state.place, state.tables)
    if state.packed:
        from tracetui.core.sources.gzip import GzipSource, Pages

        return GzipSource(id, state.place, files, -1, Pages())
    return FileSource(id, state.place, files, -1)


__all__ = ["StillReader", "still_reader"]
