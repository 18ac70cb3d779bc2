"""Old recordings deleted, and nothing else: what ``tracetui clean`` and ``tracetui.clean`` may delete, and why the rest stays.

A run goes with all of its files or stays with all of them. It stays unless its format was asked for, it is over, nobody
writes to its files, it and they are old enough, and its files are plain files that hold nothing else. Whatever cannot be told
for certain stays.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracetui.core.errors import NotFound, TracetuiError
from tracetui.core.recording._deleting import Reason, Refused, check, delete, target_of

if TYPE_CHECKING:
    from tracetui.core.batch import SeenFile
    from tracetui.core.loading import Loaded, Progress
    from tracetui.core.processes import Process
    from tracetui.core.recording._deleting import Target
    from tracetui.core.run_status import StatusRules
    from tracetui.core.store import Run

NATIVE: Final = "tracetui"
"""The only format whose runs are deleted without its being named."""

WHYS: Final = {
    "format": "of a format that was not asked for",
    "live": "running or stalled",
    "writer": "a program may still write to them",
    "age": "not old enough",
    "database": "in a database",
    "shared": "in a file with a run that stays",
    "unsure": "not all of their files are there, or it is not known whose a file is",
    "unreadable": "a file of them cannot be read",
    "link": "reached through a link",
    "changed": "changed since they were looked at",
    "outside": "outside the paths that were named",
    "denied": "may not be deleted",
}
"""Why runs stay, in a word, with what that means of several runs."""

_LIVE: Final = frozenset({"running", "stalled"})
_HEADER: Final = b'{"tracetui"'


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A run that was deleted, or would be. Texts are untrusted and as recorded."""

    id: str
    name: str
    format: str
    paths: tuple[Path, ...]
    bytes: int
    last_ns: int
    """The newest instant known of it or its files, ns since the epoch: what its age counts from."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A run that stays, and why."""

    id: str
    name: str
    format: str
    paths: tuple[Path, ...]
    reason: str
    why: str
    """The reason in a word: ``format``, ``live``, ``writer``, ``age``, ``database``, ``shared``, ``unsure``, ``unreadable``,
    ``link``, ``changed``, ``outside``, ``denied``."""


@dataclass(frozen=True, slots=True)
class CleanResult:
    """What ``clean`` did, or, with ``dry_run``, would do."""

    dry_run: bool
    runs: tuple[Cleaned, ...]
    """The runs deleted, the oldest first."""
    kept: tuple[Kept, ...]

    @property
    def bytes(self) -> int:
        """Of the files deleted."""
        return sum(run.bytes for run in self.runs)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files deleted."""
        return tuple(path for run in self.runs for path in run.paths)


def clean(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    older_than: timedelta | str = "7d",
    dry_run: bool = True,
    formats: Sequence[str] = (NATIVE,),
    *,
    now_ns: int | None = None,
    rules: StatusRules | None = None,
) -> CleanResult:
    """Delete the recordings of runs that are over and older than ``older_than``; with ``dry_run`` only say which.

    Deleted are native recordings in files of their own. Runs of other formats are, if ``formats`` names them and ``paths``
    says where. Never deleted: a database; a file that also holds a run which stays; a run that runs, is stalled or whose
    writer lives; what is reached through a link; a file that changed since it was looked at.

    Args:
        paths: files and folders; None: ``traces`` if there is such a folder, else the current one.
        older_than: age counted from the newest of the run's own last instant and the times of change of its files; a length
            of time, or text like ``7d``, ``12h``.
        dry_run: change nothing.
        formats: names of formats as ``tracetui formats`` lists them.
        now_ns: the clock, ns since the epoch.
        rules: what counts as running and stalled.

    Raises:
        NotFound: a path that does not exist.
        TracetuiError: an age that is none, a format that does not exist, or another format without a path.
    """
    return planned(paths, older_than, formats, now_ns=now_ns, rules=rules).carry_out(dry_run=dry_run)


def planned(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    older_than: timedelta | str = "7d",
    formats: Sequence[str] = (NATIVE,),
    *,
    now_ns: int | None = None,
    rules: StatusRules | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """What ``clean`` would delete, not yet decided, for whoever wants to tell how far reading has come. Raises as it does."""
    from tracetui.core.loading import default_paths, load
    from tracetui.core.run_status import StatusRules

    age = _age(older_than)
    named = None if paths is None else _names(paths)
    wanted = _formats(formats, is_place_named=bool(named))
    roots = [os.path.abspath(path) for path in default_paths(named or [])]  # noqa: PTH100  text, as the reader has it
    for root in roots:
        if not os.path.lexists(root):
            raise NotFound(f"no such file or folder: {root!r}")
    now = time.time_ns() if now_ns is None else now_ns
    return Plan(load(roots, progress=progress), roots, wanted, now - age, now, rules or StatusRules())


def _age(older_than: timedelta | str) -> int:
    """An age in ns. Raises TracetuiError."""
    if isinstance(older_than, timedelta):
        ns = older_than // timedelta(microseconds=1) * 1_000
    else:
        from tracetui.core.durations import duration_ns

        found = duration_ns(older_than)
        ns = -1 if found is None else found
        # A bare number is seconds everywhere else; of what is deleted nobody shall have to remember that.
        if ns > 0 and older_than.strip()[-1:].isdigit():
            raise TracetuiError(f"an age has a unit: write {older_than.strip()}d for days, not {older_than!a}")
    if ns < 0:
        raise TracetuiError(f"{str(older_than)!a} is no age; write it like 90m, 12h, 7d or 4w")
    return ns


def _names(paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    return [os.fspath(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]


def _formats(formats: Sequence[str], *, is_place_named: bool) -> frozenset[str]:
    """The formats asked for. Raises TracetuiError."""
    from tracetui.core.formats import FORMATS

    wanted = frozenset([formats] if isinstance(formats, str) else formats)
    known = {format.name for format in FORMATS}
    if unknown := sorted(wanted - known):
        raise TracetuiError(
            f"no format is called {', '.join(map(ascii, unknown))}; there are {', '.join(sorted(known))}"
        )
    if wanted - {NATIVE} and not is_place_named:
        raise TracetuiError(f"name the folder to clean of {', '.join(sorted(wanted - {NATIVE}))}")
    return wanted


@dataclass(slots=True)
class _Candidate:
    """A run with its files, and why it stays (None: it goes)."""

    run: Run
    files: list[SeenFile] = field(default_factory=list)
    last_ns: int = 0
    stays: Reason | None = None
    targets: list[Target] = field(default_factory=list)


class Plan:
    """Decides for each run of what was read, then deletes."""

    def __init__(
        self, loaded: Loaded, roots: Sequence[str], wanted: frozenset[str], before: int, now: int, rules: StatusRules
    ) -> None:
        self.loaded = loaded
        """What was read."""
        self._roots = roots
        self._wanted = wanted
        self._before = before
        self.now_ns = now
        """What ages are counted to, ns since the epoch."""
        self._rules = rules
        files = loaded.reader.files
        runs = loaded.store.live_runs()
        telling = {source for run in runs for source in run.sources}
        self._files = {file.source: file for file in files if file.source in telling}
        self._asides = [file for file in files if file.role != "run" and file.source not in telling]
        self._closed: dict[str, list[str]] = {}
        """Names of the files that cannot be read, by folder."""
        for path, _ in loaded.reader.unreadable_paths:
            self._closed.setdefault(os.path.dirname(path), []).append(os.path.basename(path))  # noqa: PTH119, PTH120
        self._candidates = [_Candidate(run) for run in runs]
        self._give_files()

    def carry_out(self, *, dry_run: bool) -> CleanResult:
        """What goes and what stays; what goes is deleted unless ``dry_run``."""
        from tracetui.core.run_names import printed_ids

        for candidate in self._candidates:
            candidate.stays = self._why_kept(candidate)
        self._keep_what_shares_files()
        ids = printed_ids(self.loaded.store.live_runs())
        gone: list[Cleaned] = []
        kept: list[Kept] = []
        deleted: dict[str, Reason | None] = {}
        counted: set[str] = set()
        for candidate in sorted(self._candidates, key=lambda candidate: candidate.last_ns):
            if candidate.stays is None and not dry_run:
                candidate.stays = _delete(candidate, deleted)
            run, files = candidate.run, {file.path: file for file in candidate.files}
            paths = tuple(Path(path) for path in sorted(files))
            if (stays := candidate.stays) is not None:
                kept.append(Kept(ids[run.row], run.name, run.format, paths, stays.text, stays.why))
            else:
                # What another run shares was counted with that.
                size = sum(file.size for path, file in files.items() if path not in counted)
                counted.update(files)
                gone.append(Cleaned(ids[run.row], run.name, run.format, paths, size, candidate.last_ns))
        return CleanResult(dry_run, tuple(gone), tuple(kept))

    def _give_files(self) -> None:
        """Each run its files: those that tell it, and those beside it that belong to it."""
        for candidate in self._candidates:
            for source in candidate.run.sources:
                file = self._files.get(source)
                if file is None:
                    candidate.stays = Reason("unsure", "not all of its files are there")
                else:
                    candidate.files.append(file)
        self._give_asides()
        for candidate in self._candidates:
            run = candidate.run
            times = [run.last_time, run.recorded_end or 0, run.mtime_ns, *(file.mtime_ns for file in candidate.files)]
            candidate.last_ns = max(times)

    def _give_asides(self) -> None:
        """A report or a copy goes with the run that it belongs to: the only one of its bundle, else of its folder there."""
        of_bundle: dict[tuple[str, int], dict[int, _Candidate]] = {}
        of_folder: dict[tuple[str, int, str], dict[int, _Candidate]] = {}
        for candidate in self._candidates:
            for file in candidate.files:
                bundle, row = (file.format, file.bundle), candidate.run.row
                of_bundle.setdefault(bundle, {})[row] = candidate
                of_folder.setdefault((*bundle, _folder(file)), {})[row] = candidate
        for aside in self._asides:
            owners = of_bundle.get((aside.format, aside.bundle), {})
            if len(owners) > 1:
                owners = of_folder.get((aside.format, aside.bundle, _folder(aside)), {})
            for candidate in owners.values():
                if len(owners) == 1:
                    candidate.files.append(aside)
                else:
                    name = Path(aside.path).name
                    candidate.stays = Reason("unsure", f"it is not known whose {aside.role} is {name!a}")

    def _why_kept(self, candidate: _Candidate) -> Reason | None:
        """Why a run stays; None if nothing speaks against its going."""
        from tracetui.core.run_status import run_status

        run = candidate.run
        if run.format not in self._wanted:
            return Reason("format", f"its format, {run.format}, was not asked for")
        if candidate.stays is not None:
            return candidate.stays
        status = run_status(run, self.now_ns, self._rules).status.value
        if status in _LIVE:
            return Reason("live", f"it is {status}")
        if any(file.is_database for file in candidate.files):
            return Reason("database", "it is in a database")
        if candidate.last_ns > self._before:
            return Reason("age", "it is not old enough")
        return self._why_unsure(candidate) or self._why_not_deletable(candidate)

    def _why_unsure(self, candidate: _Candidate) -> Reason | None:
        """What only the native format tells: writers that live, and files of the run that could not be read."""
        run = candidate.run
        if run.format != NATIVE:
            return None
        for folder in {_folder(file) for file in candidate.files}:
            for name in self._closed.get(folder, ()):
                if name.startswith(f"{run.id}."):
                    return Reason("unreadable", f"a file of it cannot be read: {name!a}")
        if any(_has_writer(file.path, self._rules.is_running) for file in candidate.files):
            return Reason("writer", "its writer lives")
        return None

    def _why_not_deletable(self, candidate: _Candidate) -> Reason | None:
        try:
            candidate.targets = [target_of(file, self._roots) for file in candidate.files]
            for target in candidate.targets:
                check(target)
        except Refused as refused:
            return refused.reason
        return None

    def _keep_what_shares_files(self) -> None:
        """A file stays if any of its runs does, and then all others of its runs stay too."""
        by_path: dict[str, list[_Candidate]] = {}
        for candidate in self._candidates:
            for file in candidate.files:
                by_path.setdefault(file.path, []).append(candidate)
        waiting = [candidate for candidate in self._candidates if candidate.stays is not None]
        while waiting:
            for file in waiting.pop().files:
                for other in by_path[file.path]:
                    if other.stays is None:
                        other.stays = Reason("shared", f"{Path(file.path).name!a} also holds a run that stays")
                        waiting.append(other)


def _folder(file: SeenFile) -> str:
    return os.path.dirname(file.path)  # noqa: PTH120  names as the reader has them


def _delete(candidate: _Candidate, deleted: dict[str, Reason | None]) -> Reason | None:
    """Delete the files of a run, once more looked at all together first; why it stays after all, or None.

    ``deleted`` says what became of files that another run shares.
    """
    left = [target for target in candidate.targets if target.file.path not in deleted]
    for path in (target.file.path for target in candidate.targets):
        if (before := deleted.get(path)) is not None:
            return before
    try:
        for target in left:
            check(target)
        for target in left:
            delete(target)
            deleted[target.file.path] = None
    except Refused as refused:
        deleted.update({target.file.path: refused.reason for target in left if target.file.path not in deleted})
        return refused.reason
    return None


def _has_writer(path: str, is_running: Callable[[Process], bool | None]) -> bool:
    """Whether a process named in a native file lives and may still write to it.

    A file of one process and run that ends in ``run_end`` is closed; one that processes share is open as long as they live.
    """
    from tracetui.core.formats._ladder import NotJson, parse

    headers, last = _ends_of(path)
    if not any(_is_running(line, is_running) for line in headers):
        return False
    try:
        record = parse(last)
    except NotJson:
        return True
    is_closed = isinstance(record, dict) and record.get("type") == "run_end" and "run" not in record
    return len(headers) > 1 or not is_closed


def _ends_of(path: str) -> tuple[list[bytes], bytes]:
    """The headers in a file, and its last line. A file that cannot be read as lines has none; others have seen to it."""
    headers: list[bytes] = []
    last = b""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123  from a descriptor
            for line in file:
                if line.startswith(_HEADER):
                    headers.append(line)
                if not line.isspace():
                    last = line
    except OSError:
        return [], b""
    return headers, last


def _is_running(header: bytes, is_running: Callable[[Process], bool | None]) -> bool:
    from tracetui.core.formats._ladder import NotJson, parse

    try:
        values = parse(header)
    except NotJson:
        return False
    if not isinstance(values, dict) or not isinstance(values.get("pid"), int):
        return False
    started, host, boot = (values.get(name) for name in ("process_start", "host", "boot"))
    process = (
        values["pid"],
        started if isinstance(started, int) else 0,
        host if isinstance(host, str) else "",
        boot if isinstance(boot, str) else "",
    )
    return is_running(process) is True
