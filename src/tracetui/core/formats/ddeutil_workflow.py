"""ddeutil-workflow: a folder for each run with its records as JSON lines and as text, rows in SQLite, and posted bodies.

A run is what has one top run id, wherever it is told: of several sources the richest counts, and the others are set aside.
Files that are equally rich and tell different records are put together in order of time.
Workflow, job and stage spans are read from the messages; branches, items and loops are events of their container stage.

Runs: the top workflow's run id. Nested workflows are part of it.

Spans: workflow executions, jobs (all attempts one span) and stage executions (one each). A job is found again by the hash
in its ids; a stage hangs below the stage or branch that is open on its thread, else below its job.

Events: each record counts under its ``level``.

Status: worked out from the messages. What is logged as an error and is no skip is a failure, unless a later attempt went
well; a failure that is left makes the run failed. Else all started jobs must have ended, or the run is open. Before 0.0.85
ends are not recorded: such runs are ok unless something failed.

Times: starts are exact, they stand in the ids (UTC, microseconds). Records have whole seconds and no zone: it is inferred
from the difference to the ids, else assumed. So ends are the latest instant known, and durations are marked.

Tokens and cost: none.

Not recorded: the end of a workflow, direct parents, inputs and outputs of stages, parts of a second.

Quirks: skips are logged as errors. Of several sources of a run the richest is read (``metadata.txt``, SQLite, text, posted
bodies) and the others are set aside. Posted bodies repeat themselves; texts of a record go on over several lines.
"""

from __future__ import annotations

import logging
import os
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._ddeutil_bodies import event_detail, posted_records, span_detail
from tracetui.core.formats._ddeutil_files import (
    DATABASE,
    METADATA,
    TEXT,
    WIRE,
    Sort,
    folder_run,
    has_metadata,
    shown_path,
    sort_of,
)
from tracetui.core.formats._ddeutil_records import TEXT_END, TEXT_START, Entry, entry_of, text_values
from tracetui.core.formats._ddeutil_run import DdeutilRun
from tracetui.core.formats._lines import BlockDecoder, DocDecoder, LineDecoder
from tracetui.core.formats._rows import RowDecoder
from tracetui.core.model import EventDetail, SpanDetail
from tracetui.core.operations import Bad, Operation, Record, Repair, RunFact

_LANE_BYTES: Final = 32_768
"""Blocks below this are not worth the fast lane."""
_log = logging.getLogger("tracetui")

_ALL: Final = "ddeutil-workflow"
"""The bundle: all files, wherever they lie, since one run may be told by several."""
_WHOLE: Final = (METADATA, DATABASE)
"""Sorts of files of which one alone tells a whole run."""
_WORDS: Final = {METADATA: "records", DATABASE: "rows", TEXT: "text", WIRE: "posted bodies"}


class DdeutilWorkflowFormat:
    """Traces of ddeutil-workflow, all versions: ``run_id=`` folders, SQLite tables, rendered texts, posted bodies.

    Producer: ddeutil-workflow, up to 0.0.86
    Files: ``run_id=<id>/metadata.txt`` (``metadata.json`` up to 0.0.78), ``stdout.txt``, ``stderr.txt``; SQLite table
        ``traces``; bodies as posted
    Live: yes
    Status: worked out
    Figures: none
    """

    name = "ddeutil-workflow"
    title = "ddeutil-workflow"
    document = False

    def match(self, candidate: Candidate) -> Match | None:
        """Claims records in every shape; a text beside ``metadata.txt`` is a copy, console output a side file."""
        sort = sort_of(candidate)
        if sort is None:
            return None
        if sort.what == "text" and has_metadata(candidate):
            reason = "rendered text beside the complete records in metadata.txt"
            return Match(self, reason, role="copy", bundle=_ALL, certain=False, order=TEXT)
        role = "side" if sort.what == "console" and not candidate.named else "run"
        is_sure = role == "run" and sort.what != "text"
        order = sort.rank * 2 + candidate.name.startswith("stderr")
        return Match(self, sort.reason, role=role, bundle=_ALL, certain=is_sure, order=order, tables=sort.tables)

    def assembler(self, bundle: str) -> Assembler:
        """All runs: which source of a run is the richest is known only when all are."""
        return _Assembler()

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """What the records of a workflow, job or stage say, its events left out."""
        return span_detail(records)

    def event_detail(self, record: RecordBody) -> EventDetail:
        """One message."""
        return event_detail(record)


class _Told:
    """One run, and which files tell it."""

    def __init__(self, run: str) -> None:
        self.state = DdeutilRun(run)
        self.rank = WIRE + 1
        self.alone = ""
        """The only file that tells it, as long as no fingerprints are kept."""
        self.keeps = False
        """Fingerprints are kept: there is more than one file."""
        self.prints: dict[str, array[int]] = {}
        """Fingerprints of the records of each file that counts."""
        self.quiet: dict[str, int] = {}
        """Files that say nothing because a richer one does, with their rank."""
        self.repeated: dict[str, int] = {}
        """Records of each file that another one has told."""
        self.opening: list[Operation] = []
        """What is to be said of the run before the next record."""
        self._adding: set[str] = set()
        """Files that told something of their own."""
        self._total: Counter[int] = Counter()
        self._own: dict[str, Counter[int]] = {}

    def join(self, path: str, rank: int) -> bool:
        """A file begins to tell the run; False: those that do are to be read again, to know what they have in common."""
        is_second = bool(self.prints) and not self.keeps
        if self.prints and not self._own:
            self._own = {known: Counter(told) for known, told in self.prints.items()}
            self._total = Counter(next(iter(self._own.values())))
        self.prints[path] = array("q")
        if self._own:
            self._own[path] = Counter()
        # Rendered texts are two files by nature.
        self.keeps = self.keeps or is_second or rank == TEXT
        self.alone = "" if self.keeps else path
        return not is_second

    def is_new(self, path: str, print_: int) -> bool:
        """Whether no other file of the same sort has told this record as often as this file now has."""
        self.prints[path].append(print_)
        if not self._own:
            return True
        own = self._own[path]
        own[print_] += 1
        if own[print_] <= self._total[print_]:
            return False
        self._total[print_] = own[print_]
        return True

    def adds(self, path: str) -> bool:
        """Whether this is the first thing that a file tells besides what others of the same sort do."""
        if path in self._adding:
            return False
        self._adding.add(path)
        return len(self._adding) > 1

    def clear(self, rank: int) -> None:
        """Begin again, as told by files of this rank."""
        self.state.clear()
        self.rank, self.alone = rank, ""
        self.prints, self.quiet, self.repeated, self._own, self._total = {}, {}, {}, {}, Counter()
        self.opening, self._adding = [], set()


class _Assembler:
    """All ddeutil files that are read."""

    def __init__(self) -> None:
        self._runs: dict[str, _Told] = {}
        self._runs_of: dict[str, set[str]] = {}
        self._stale: dict[str, None] = {}

    def decoder(self, candidate: Candidate) -> Decoder:
        sort = sort_of(candidate) or Sort("lines", METADATA, "")
        teller = _Teller(self, candidate, sort)
        match sort.what:
            case "rows":
                return _RowsDecoder(teller, sort.tables)
            case "text" | "console":
                return _TextDecoder(teller)
            case "body":
                return _BodyDecoder(teller)
            case _:
                return _LinesDecoder(teller)

    def side(self, candidate: Candidate) -> list[Operation]:
        run = folder_run(candidate.path)
        if not run:
            return []
        return [RunFact(run, repair=Repair("copies", 1, shown_path(candidate.path)), aside=True)]

    def forget(self, candidate: Candidate) -> None:
        """A file is read again: runs that it told begin anew, and whatever else tells them is read again too."""
        path = candidate.path
        for run in self._runs_of.pop(path, set()):
            told = self._runs[run]
            if path in told.prints:
                others = [*told.prints, *told.quiet]
                told.clear(WIRE + 1)
                self._stale |= {other: None for other in others if other != path}
            told.quiet.pop(path, None)
        self._stale.pop(path, None)

    def take_stale(self) -> list[str]:
        stale, self._stale = list(self._stale), {}
        return stale

    def tell(self, teller: _Teller, entry: Entry, a: int, b: int) -> list[Operation]:
        """What a record of one file says, unless a richer file has it or an equal one said it."""
        told = self._runs.get(entry.run)
        if told is None:
            told = self._runs[entry.run] = _Told(entry.run)
        path, rank = teller.path, teller.rank
        if told.alone != path:
            said = self._share(told, entry, path, rank, a, b)
            if said is not None:
                return said
        opening, told.opening = told.opening, []
        operations = [*opening, *told.state.tell(entry, a, b)] if opening else told.state.tell(entry, a, b)
        if told.state.is_placed:
            self._place(told)
        return operations

    def told_alone(self, run: str, path: str) -> DdeutilRun | None:
        """The state of a run in a zone that is known, if this file alone tells it."""
        told = self._runs.get(run)
        return None if told is None or told.alone != path or told.state.zone is None else told.state

    def _place(self, told: _Told) -> None:
        """Records were read in an assumed zone: again, if it is known by now."""
        if told.state.zone is not None:
            told.state.is_placed = False
            self._stale |= dict.fromkeys(told.prints)

    def _share(self, told: _Told, entry: Entry, path: str, rank: int, a: int, b: int) -> list[Operation] | None:
        """What a file has to say of a record that others may tell; None: it is this file's to tell."""
        if rank > told.rank:
            if path in told.quiet:
                return []
            told.quiet[path] = rank
            self._runs_of.setdefault(path, set()).add(entry.run)
            repair = Repair("copies", 1, f"{shown_path(path)} ({_WORDS[rank]})")
            return [RunFact(entry.run, repair=repair, aside=True)]
        if rank < told.rank:
            poorer = list(told.prints)
            told.clear(rank)
            self._stale |= dict.fromkeys(poorer)
        if path not in told.prints:
            self._runs_of.setdefault(path, set()).add(entry.run)
            early = [other for other in told.prints if rank == TEXT and _is_stderr(other) > _is_stderr(path)]
            if not told.join(path, rank):
                self._stale |= dict.fromkeys(told.prints)
            # What went wrong is understood only by who knows what was done: those files are read again, after this one.
            self._stale |= dict.fromkeys(early)
        if told.alone == path:
            return None
        if told.is_new(path, entry.fingerprint()):
            if rank in _WHOLE and told.adds(path):
                # Each file is in order for itself: only times say how they go together.
                repair = Repair("several", 1, shown_path(path))
                told.opening = [RunFact(entry.run, order_by_time=True, repair=repair)]
            return None
        told.repeated[path] = told.repeated.get(path, 0) + 1
        return [
            Record(entry.run, entry.level, a, b, counted=False),
            RunFact(entry.run, repair=Repair("repeated", told.repeated[path], shown_path(path))),
        ]


def _is_stderr(path: str) -> bool:
    return os.path.basename(path).startswith("stderr")  # noqa: PTH119 - any bytes


class _Teller:
    """One file's way to the runs."""

    def __init__(self, assembler: _Assembler, candidate: Candidate, sort: Sort) -> None:
        self._assembler = assembler
        self.path = candidate.path
        self.rank = sort.rank
        self._is_text = sort.rank == TEXT
        self.folder_run = folder_run(candidate.path)
        self.stream = candidate.name.partition(".")[0] if candidate.name in ("stdout.txt", "stderr.txt") else ""
        self.last: str | None = self.folder_run or None
        """The run that was told last."""

    def tell(self, record: dict[str, object], a: int, b: int) -> list[Operation]:
        """Operations of one record."""
        return self.tell_entry(entry_of(record, self.folder_run, is_text=self._is_text), a, b)

    def tell_entry(self, entry: Entry, a: int, b: int) -> list[Operation]:
        """The same of a record that is read already."""
        self.last = entry.run
        return self._assembler.tell(self, entry, a, b)

    def told_alone(self, run: str) -> DdeutilRun | None:
        """The state of a run whose records need not be compared with those of other files."""
        return self._assembler.told_alone(run, self.path)


class _LinesDecoder(LineDecoder):
    """``metadata.txt``, ``metadata.json`` up to 0.0.78, and documents as sent to Elasticsearch."""

    def __init__(self, teller: _Teller) -> None:
        super().__init__()
        self._teller = teller

    @property
    def bad_run(self) -> str | None:
        """The run of the newest line, or the one that the folder is named after."""
        return self._teller.last

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Operations of a block of whole lines; of a large one as columns."""
        if len(block) > _LANE_BYTES and self._teller.rank == METADATA:
            operations = self._columns(block, a)
            if operations is not None:
                return operations
        return super().lines(block, a)

    def _columns(self, block: bytes, a: int) -> list[Operation] | None:
        from tracetui.core.formats import _ddeutil_lane as lane  # late: brings a parser

        decoded = lane.lines_of(block)
        if decoded is None:
            return None
        entries = lane.entries_of(decoded[1])
        if entries is None:
            return None
        state = self._teller.told_alone(entries[0].run)
        if state is not None and all(entry.run == state.key for entry in entries):
            self._teller.last = state.key
            self._line += len(entries)
            return lane.columns_alone(state, entries, decoded[0], a)
        operations: list[Operation] = []
        alone: DdeutilRun | None = None
        for entry, length in zip(entries, decoded[0], strict=True):
            if alone is None or alone.key != entry.run:
                operations += self._teller.tell_entry(entry, a, length - 1)
                alone = self._teller.told_alone(entry.run)
            else:
                operations += alone.tell(entry, a, length - 1)
            a += length
        self._line += len(entries)
        return lane.columns_of(self._teller.last or "", operations)

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one line says; the action lines of a bulk request say nothing."""
        if "message" not in record and "index" in record:
            return []
        if "message" not in record and "level" not in record:
            return [Bad(self.line, a, b, "not a record", self.bad_run)]
        return self._teller.tell(record, a, b)


class _TextDecoder(BlockDecoder):
    """``stdout.txt``, ``stderr.txt`` and console output: records of several lines, each with a header."""

    def __init__(self, teller: _Teller) -> None:
        super().__init__()
        self._teller = teller

    @property
    def bad_run(self) -> str | None:
        """The run of the newest record, or the one that the folder is named after."""
        return self._teller.last

    def record(self, line: bytes, a: int, broken: str = "") -> list[Operation]:
        """Operations of the record that this line completes, if it does."""
        operations: list[Operation] = []
        if TEXT_START.match(line):
            operations = self._finish("incomplete record")
        elif not self._block and (not line or line.isspace()):
            return operations
        if not self._block:
            self._block_at, self._block_line = a, self._line
        self._block.append(line)
        self._block_size += len(line) + 1
        if TEXT_END.search(line[-400:]) and not line.startswith(b" ... |  "):
            operations += self._finish("")
        return operations

    def close(self) -> list[Operation]:
        """What is left over."""
        held = bytes(self._held)
        self._held.clear()
        operations: list[Operation] = []
        if held:
            self._line += 1
            operations = self.record(held, self._at)
            self._at += len(held)
        return operations + self._finish("incomplete last record")

    def _finish(self, broken: str) -> list[Operation]:
        if not self._block:
            return []
        block = b"\n".join(self._block)
        self._block.clear()
        self._block_size = 0
        values = text_values(block.decode("utf-8", "replace")) if not broken else None
        if values is None:
            return [Bad(self._block_line, self._block_at, len(block), broken or "not a record", self.bad_run)]
        if self._teller.stream:
            values["mode"] = self._teller.stream
            values["level"] = self._teller.stream
        try:
            return self._teller.tell(values, self._block_at, len(block))
        except Exception as fault:  # a border: one record must not stop the rest of the file
            _log.exception("decoder fault at byte %d", self._block_at)
            reason = f"decoder fault: {type(fault).__name__}"
            return [Bad(self._block_line, self._block_at, len(block), reason, self.bad_run)]


class _BodyDecoder(DocDecoder):
    """A posted body, or several that were captured."""

    def __init__(self, teller: _Teller) -> None:
        super().__init__()
        self._teller = teller

    def elements(self, value: object, data: bytes) -> Iterable[Operation]:
        """Every record once, however often its body was sent."""
        for record in posted_records(value):
            yield from self._teller.tell(record, 0, len(data))


class _RowsDecoder(RowDecoder):
    """The table ``traces``."""

    def __init__(self, teller: _Teller, tables: tuple[str, ...]) -> None:
        super().__init__(tables)
        self._teller = teller

    def row(self, table: str, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """What one row says."""
        return self._teller.tell(record, a, b)
