"""Which runs belong together: links as recorded, resolved to the runs that are here, and seen from both ends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from tracetui.core.operations import span_key

if TYPE_CHECKING:
    from tracetui.core.operations import Link
    from tracetui.core.store import Run, Store

_BACK: Final = {"parent": "child", "continues": "continued_by", "retry_of": "retried_by", "copy_of": "copied_by"}
"""What a link is called at its other end."""

WORDS: Final = {
    "parent": "started by",
    "child": "started",
    "continues": "continues",
    "continued_by": "continued by",
    "retry_of": "retry of",
    "retried_by": "retried by",
    "copy_of": "copy of",
    "copied_by": "copied by",
}
"""The relations in words, as said of the run that has them."""

NOT_HERE: Final = "not in this folder"


@dataclass(slots=True, frozen=True)
class Relation:
    """One run's relation to another. Texts are untrusted and as recorded."""

    kind: str
    other: str
    """The other run as the recording calls it."""
    run: int | None
    """The other run's row; None: it is not here."""
    span: str | None = None
    """The span in which the one run started the other, as recorded: the parent's."""
    span_row: int | None = None
    """The row of that span, where it is here."""

    @property
    def words(self) -> str:
        """What it is to the run that has it."""
        return WORDS.get(self.kind, self.kind.replace("_", " "))

    @property
    def is_upwards(self) -> bool:
        """Whether the span lies in the other run, not in the one that has the relation."""
        return self.kind not in _BACK.values()


class Relations:
    """All relations between the runs of a store as it is now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of: dict[int, list[Relation]] | None = None

    def of(self, run: Run) -> list[Relation]:
        """A run's relations: those that it records, then those that others record of it."""
        if self._of is None:
            self._of = self._look()
        return self._of.get(run.row, [])

    def started_in(self, run: Run, span_row: int) -> list[Relation]:
        """Runs that were started in a span of this run."""
        return [other for other in self.of(run) if other.kind == "child" and other.span_row == span_row]

    def _look(self) -> dict[int, list[Relation]]:
        runs = self._store.live_runs()
        linked = [run for run in runs if run.links]
        found: dict[int, list[Relation]] = {}
        if not linked:
            return found
        here = _Here(runs)
        back: dict[int, list[Relation]] = {}
        for run in linked:
            for link in run.links:
                other = here.find(run, link)
                if other is run:
                    continue
                span_row = None if other is None or not link.span else self._row(other, link.span)
                row = None if other is None else other.row
                found.setdefault(run.row, []).append(Relation(link.kind, link.other, row, link.span, span_row))
                if other is not None and link.kind in _BACK:
                    relation = Relation(_BACK[link.kind], run.id, run.row, link.span, span_row)
                    back.setdefault(other.row, []).append(relation)
        for row, relations in back.items():
            relations.sort(key=lambda one: (self._start(one.run), one.other))
            found.setdefault(row, []).extend(relations)
        return found

    def _start(self, row: int | None) -> int:
        start = None if row is None else self._store.runs[row].start
        return -1 if start is None else start

    def _row(self, run: Run, span: str) -> int | None:
        row = self._store._row(run, span_key(span), make=False)
        return row if row >= 0 else None


class _Here:
    """The runs that are here, by what links call them."""

    def __init__(self, runs: list[Run]) -> None:
        self._by_key = {(run.format, run.key): run for run in runs}
        self._by_id: dict[str, list[Run]] = {}
        self._by_name: dict[tuple[str, str], list[Run]] = {}
        for run in runs:
            self._by_id.setdefault(run.id, []).append(run)
            self._by_name.setdefault((run.format, run.name), []).append(run)

    def find(self, run: Run, link: Link) -> Run | None:
        if link.by_name:
            return self._earlier(run, link.other)
        known = self._by_key.get((run.format, link.other))
        if known is None:
            alike = self._by_id.get(link.other, [])
            known = next((other for other in alike if other.format == run.format), alike[0] if alike else None)
        return known

    def _earlier(self, run: Run, name: str) -> Run | None:
        """The newest run of a name that began before; one whose file lies beside this one's, if there is any."""
        start = run.start
        if start is None:
            return None
        before = [
            other
            for other in self._by_name.get((run.format, name), ())
            if other is not run and other.start is not None and other.start < start
        ]
        folder = PurePath(run.key).parent
        return max(before, key=lambda other: (PurePath(other.key).parent == folder, other.start or 0), default=None)
