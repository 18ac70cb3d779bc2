"""From paths to batches: finds files, asks formats, glances at the large ones, reads all, and follows what grows.

``Reader.poll`` does a bounded amount of work in the caller's thread and returns batches for ``Store.apply``; the reader knows
no store. It works in rounds, cheapest first: list folders, look into new files, glance at large ones, read one block.

What happens to a file decides what its source is:

- truncated or rewritten in place: the same source, next generation, read again from the start;
- renamed within what is read: the same source under its new name;
- replaced under its name: the same source, next generation, if the new file begins as the old one did (a recording written
  again) or is a document; else a new source, and the old one is gone;
- deleted, or moved out of sight: gone; what was read stays, and what is kept open is read to its end.

So the view is what reading the folder anew would give, with the files that were deleted while they were followed.
"""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH100, PTH116, PTH118, PTH119, PTH120, RUF100

from __future__ import annotations

import heapq
import itertools
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

from tracetui.core.attention import Attention
from tracetui.core.batch import Batch
from tracetui.core.discovery import Discovery, Found, Trouble, Vanished
from tracetui.core.follow import Change, Name, Tail
from tracetui.core.formats._base import HEAD_BYTES, Candidate, Format, Match
from tracetui.core.reading import BLOCK_BYTES, GLANCE_BYTES, Bundle, Member, Stage, glance
from tracetui.core.sources._base import Source
from tracetui.core.sources.file import PRINT_BYTES, FileSource, OpenFiles, digest, kind_of_file, reason_of

LARGE_BYTES: Final = 262_144
"""Files over this are glanced at before they are read."""

QUIET_NS: Final = 60_000_000_000
"""A file that nobody wrote to for this long when it was opened is not being written: its last line needs no line end."""

SETTLE_S: Final = 0.1
"""A document that is being written is read when it has not changed for this long."""
SETTLE_AT_MOST_S: Final = 1.0

_COMPRESSED: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
)


class Unclaimed(Protocol):
    """Detection's answer for a file that no format reads."""

    @property
    def reason(self) -> str:
        """Why, in plain words."""


Detect = Callable[[Candidate, Sequence[Format]], Match | Unclaimed]


@dataclass(slots=True, frozen=True)
class Notice:
    """Something worth telling while reading: ``level`` is ``info`` or ``warning``. Path and text are untrusted."""

    level: str
    text: str
    path: str


@dataclass(slots=True, frozen=True)
class Aside:
    """A file that belongs to a run without being one: a report beside it (``side``) or a ``copy``."""

    path: str
    format: str
    bundle: str | None
    role: str
    reason: str


@dataclass(slots=True, frozen=True)
class Progress:
    """How far reading has got. ``done``: all that was there at the last look was read."""

    files_found: int
    files_read: int
    bytes_known: int
    bytes_read: int
    discovering: bool
    done: bool


@dataclass(slots=True, frozen=True)
class Explanation:
    """Why a file is read as it is. ``format`` and ``role`` are empty for a file that no format reads."""

    path: str
    reason: str
    format: str = ""
    title: str = ""
    role: str = ""
    bundle: str | None = None
    certain: bool = True
    size: int = 0


class Reader:
    """Reads the recordings under ``paths``.

    Args:
        paths: files and folders.
        formats: which formats to ask, most specific first; None: all that tracetui knows.
        follow: go on when all is read, with what grows and what is new.
        detect: how formats are asked; None: ``tracetui.core.formats.detect``.
        wall: clock for when growth was seen, ns since the epoch.
        monotonic: clock for budgets and for when to look again, s.
        block_bytes: how much is decoded at a time.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        formats: Sequence[Format] | None = None,
        follow: bool = False,
        detect: Detect | None = None,
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        self._formats, self._detect = _formats_and_detect(formats, detect)
        self._follow = follow
        self._wall = wall
        self._monotonic = monotonic
        self._block_bytes = block_bytes
        self.sources: dict[int, Source] = {}
        """Every source that batches speak of, by id."""
        self._files = OpenFiles()
        self._discovery = Discovery(paths)
        self._attention = Attention(monotonic())
        self._notices: list[Notice] = []
        self._out: list[Batch] = []
        self._keys = itertools.count()
        self._members: dict[int, Member] = {}
        self._by_inode: dict[tuple[int, int], Member] = {}
        self._by_path: dict[str, Member] = {}
        self._former: dict[str, Member] = {}
        self._groups: dict[tuple[str, str], list[Member]] = {}
        self._undetected: list[tuple[int, int, int, tuple[str, str]]] = []
        self._glances: list[Member] = []
        self._bundles: dict[tuple[str, str], Bundle] = {}
        self._waiting: list[tuple[int, int, int, Bundle]] = []
        self._settling: dict[int, tuple[Member, float, float]] = {}
        self._listings: dict[str, dict[int, str]] = {}
        self._first_done = False
        self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all files. Sources still answer for files that are where they were."""
        self._files.close()

    # What a driver calls.

    def poll(self, budget_s: float = 0.05, max_bytes: int = 8_388_608) -> list[Batch]:
        """Work for about ``budget_s`` seconds or ``max_bytes`` bytes, at least one round; what came of it."""
        deadline = self._monotonic() + budget_s
        self._out = []
        self._listings = {}
        self._left = max_bytes
        if self._follow:
            self._attend(self._monotonic())
        while self._round() and self._left > 0 and self._monotonic() < deadline:
            pass
        return self._out

    def changed(self, paths: Iterable[str] | None) -> None:
        """A watcher says that something happened at these paths; None: anywhere. May be called from any thread."""
        self._attention.name(paths)

    def prefer(self, paths: Iterable[str]) -> None:
        """Read these files first, and look at them most often (those of the open run). For the polling thread."""
        self._attention.preferred = frozenset(paths)
        self._undetected = [(self._urgency(self._groups[key]), at, n, key) for _, at, n, key in self._undetected]
        self._waiting = [(self._urgency(bundle.waiting), at, n, bundle) for _, at, n, bundle in self._waiting]
        heapq.heapify(self._undetected)
        heapq.heapify(self._waiting)

    def next_due(self, now: float) -> float:
        """Seconds until a poll is useful, at monotonic time ``now``; infinite when there is nothing more to come."""
        if self._has_work():
            return 0.0
        if not self._follow:
            return float("inf")
        waits = [due - now for _, due, _ in self._settling.values()]
        return max(0.0, min([self._attention.next_due(now), *waits]))

    # What a driver asks.

    @property
    def progress(self) -> Progress:
        """How far reading has got."""
        known = [member for member in self._members.values() if member.stage is not Stage.unclaimed]
        return Progress(
            files_found=len(self._members),
            files_read=sum(member.stage is not Stage.found and not self._is_waiting(member) for member in known)
            + len(self._members)
            - len(known),
            bytes_known=sum(member.tail.size for member in known if member.stage in (Stage.found, Stage.claimed)),
            bytes_read=sum(member.tail.position for member in known),
            discovering=self._discovery.busy,
            done=self._first_done and not self._has_work(),
        )

    def take_notices(self) -> list[Notice]:
        """Notices since the last call."""
        notices, self._notices = self._notices, []
        return notices

    @property
    def unrecognised(self) -> list[tuple[str, str]]:
        """Paths that no format reads, with the reason."""
        members = [(member.path, member.reason) for member in self._members.values() if member.stage is Stage.unclaimed]
        return sorted([*members, *self._discovery.oddities.items()])

    @property
    def unreadable_paths(self) -> list[tuple[str, str]]:
        """Files and folders that the system does not let be read, with the reason."""
        members = [(member.path, member.reason) for member in self._members.values() if member.stage is Stage.refused]
        return sorted({*members, *self._discovery.troubles.items()})

    @property
    def set_aside(self) -> list[Aside]:
        """Reports and copies, which belong to runs without being read."""
        return [
            Aside(member.path, match.format.name, match.bundle, match.role, match.reason)
            for member in sorted(self._members.values(), key=lambda member: member.path)
            if member.stage is Stage.aside and (match := member.match) is not None
        ]

    def explain(self, path: str) -> Explanation:
        """Why a file is read as it is, by looking at it now. Raises OSError for a path that cannot be read."""
        path = os.path.abspath(path)
        status = os.stat(path)
        if kind := kind_of_file(status.st_mode):
            return Explanation(path, kind)
        tail = Tail(path, status, next(self._keys), OpenFiles(0))
        answer = self._ask(tail, tail.peek(0, HEAD_BYTES))
        if not isinstance(answer, Match):
            return Explanation(path, answer, size=status.st_size)
        return Explanation(
            path,
            answer.reason,
            answer.format.name,
            answer.format.title,
            answer.role,
            answer.bundle,
            answer.certain,
            status.st_size,
        )

    # One round of work.

    def _has_work(self) -> bool:
        return bool(self._discovery.busy or self._undetected or self._glances or self._waiting)

    def _round(self) -> bool:
        """A little of everything that waits; whether anything is left."""
        if self._follow:
            for member in self._attention.sweep():
                self._look(member)
        if self._discovery.busy:
            self._take(self._discovery.step())
        elif self._undetected:
            for _ in range(min(_DETECTIONS, len(self._undetected))):
                self._detect_group(self._groups.pop(heapq.heappop(self._undetected)[-1]))
        if not self._discovery.busy:
            if self._glances:
                self._glance(self._glances.pop())
            elif self._waiting:
                self._read_next()
        if self._has_work():
            return True
        self._first_done = True
        return self._attention.is_sweeping

    def _attend(self, now: float) -> None:
        """In follow mode, at the start of each poll: what is due."""
        for path in self._attention.take_named():
            member = self._by_path.get(path)
            if member is not None:
                self._look(member)
            self._discovery.look_at(path)
        folders, young = self._attention.begin(now, self._members.values())
        if folders or young:
            self._discovery.refresh(unsettled=not folders)
        for member in self._attention.due(now):
            self._look(member)
        for member, due, _ in list(self._settling.values()):
            if now >= due:
                self._look(member)
                self._reread_if_settled(member, now)

    def _urgency(self, members: Iterable[Member]) -> int:
        return 0 if any(member.path in self._attention.preferred for member in members) else 1

    def _is_waiting(self, member: Member) -> bool:
        return member.bundle is not None and member in member.bundle.waiting

    def _notice(self, level: str, text: str, path: str) -> None:
        self._notices.append(Notice(level, text, path))

    # Finding.

    def _take(self, findings: Iterable[Found | Vanished | Trouble]) -> None:
        for finding in findings:
            match finding:
                case Found(path, status):
                    self._found(path, status)
                case Vanished(path):
                    member = self._by_path.get(path)
                    if member is not None:
                        self._look(member)
                case Trouble(path, reason):
                    self._notice("warning", f"cannot be read: {reason}", path)

    def _found(self, path: str, status: os.stat_result) -> None:
        known = self._by_inode.get((status.st_dev, status.st_ino))
        if known is not None:
            if known.path == path and not known.gone:
                self._look_again(known)
                return
            if known.path != path and not known.gone and self._is_named(known):
                return  # one file of two names
            if known.tail.is_open or known.tail.is_found_in(path):
                self._move(known, path)
                return
            # The number of a deleted file, given to another one.
            self._lose(known)
        former = self._by_path.get(path)
        if former is not None:
            self._look(former)
        self._add(path, status)

    def _add(self, path: str, status: os.stat_result) -> None:
        key = next(self._keys)
        member = Member(Tail(path, status, key, self._files))
        if self._first_done:
            self._has_grown(member)
        self._members[key] = member
        self._by_inode[status.st_dev, status.st_ino] = member
        self._by_path[path] = member
        self._look_into(member)

    def _look_into(self, member: Member) -> None:
        """Put a file among those whose format is to be found out, together with those that differ in their ending only."""
        member.stage = Stage.found
        folder, name = os.path.split(member.path)
        key = (folder, name.partition(".")[0] or name)
        group = self._groups.get(key)
        if group is not None:
            if member not in group:
                group.append(member)
            return
        self._groups[key] = [member]
        urgency = self._urgency([member])
        heapq.heappush(self._undetected, (urgency, -member.tail.mtime_ns, next(self._keys), key))

    def _is_named(self, member: Member) -> bool:
        try:
            return member.tail.place.is_at(os.stat(member.path))
        except OSError:
            return False

    # Finding out the format.

    def _detect_group(self, group: list[Member]) -> None:
        for member in group:
            if member.tail.key in self._members and member.stage is Stage.found:
                self._find_format(member)

    def _find_format(self, member: Member) -> None:
        former = self._former.get(member.path)
        if former is not None and former.tail.unread and former.tail.is_open and former.stage is Stage.claimed:
            self._look_into(member)  # the end of the old file comes first
            return
        try:
            member.tail.look()
            head = member.tail.peek(0, HEAD_BYTES)
        except OSError as error:
            self._refuse(member, reason_of(error))
            return
        member.seen = member.signature
        member.head = (len(head), digest(head[:PRINT_BYTES]))
        answer = self._ask(member.tail, head)
        if former is not None:
            self._succeed(former, member, head, answer)
        if isinstance(answer, Match):
            self._claim(member, answer, head)
        else:
            self._leave_unclaimed(member, answer)

    def _ask(self, tail: Tail, head: bytes) -> Match | str:
        """A format's claim, or why there is none."""
        if not head:
            return "empty"
        answer = self._detect(self._candidate(tail, head), self._formats)
        if isinstance(answer, Match):
            return answer
        packed = next((name for magic, name in _COMPRESSED if head.startswith(magic)), None)
        return f"compressed: {packed}" if packed else answer.reason

    def _candidate(self, tail: Tail, head: bytes) -> Candidate:
        folder, name = os.path.split(tail.place.path)
        return Candidate(tail.place.path, name, head, tail.size, tail.mtime_ns, self._discovery.siblings(folder))

    def _leave_unclaimed(self, member: Member, reason: str) -> None:
        if member.forgetting:
            self._out.append(member.batch(complete=True))
        member.stage, member.reason = Stage.unclaimed, reason
        member.tail.release()

    def _refuse(self, member: Member, reason: str) -> None:
        if member.stage is not Stage.refused or member.reason != reason:
            self._notice("warning", f"cannot be read: {reason}", member.path)
        member.stage, member.reason = Stage.refused, reason
        member.seen = member.signature
        if member.bundle is not None and member in member.bundle.waiting:
            member.bundle.waiting.remove(member)

    def _claim(self, member: Member, match: Match, head: bytes) -> None:
        if member.forgetting and (member.match is None or member.match.format is not match.format):
            self._out.append(member.batch())
        member.match = match
        if member.source is None:
            source = FileSource(len(self.sources), member.tail.place, self._files, member.tail.key)
            self.sources[source.id] = member.source = source
        member.source.place = member.tail.place
        bundle = member.bundle = self._bundle(member, match)
        bundle.newest = max(bundle.newest, member.tail.mtime_ns)
        if match.role != "run":
            member.stage, member.reason = Stage.aside, match.reason
            said = bundle.assembler.side(self._candidate(member.tail, head))
            self._out.append(member.batch(said, complete=True))
            member.tail.release()
            return
        member.stage = Stage.claimed
        if member.tail.size > LARGE_BYTES and not self._first_done:
            self._glances.append(member)
        self._wait(member)

    def _bundle(self, member: Member, match: Match) -> Bundle:
        key = match.bundle if match.bundle is not None else f"\0{member.source.id if member.source else ''}"
        bundle = self._bundles.get((match.format.name, key))
        if bundle is None:
            bundle = Bundle(match.format, key, match.format.assembler(match.bundle or member.path), next(self._keys))
            self._bundles[match.format.name, key] = bundle
        return bundle

    def _glance(self, member: Member) -> None:
        if member.stage is not Stage.claimed or member.tail.position:
            return
        try:
            head = member.tail.peek(0, GLANCE_BYTES)
            tail = member.tail.peek(max(len(head), member.tail.size - GLANCE_BYTES), GLANCE_BYTES)
        except OSError:
            return
        facts = glance(member, head, tail)
        if facts:
            batch = member.batch(facts)
            batch.glance = True
            self._out.append(batch)

    # Reading.

    def _wait(self, member: Member) -> None:
        """Put a file among those that are to be read."""
        bundle = member.bundle
        if bundle is None:
            return
        if not bundle.waiting:
            entry = (self._urgency([member]), -bundle.newest, bundle.number, bundle)
            heapq.heappush(self._waiting, entry)
        bundle.push(member)

    def _read_next(self) -> None:
        bundle = self._waiting[0][-1]
        if bundle.waiting:
            member = bundle.waiting[0]
            if not self._read_block(member) and member in bundle.waiting:
                bundle.waiting.remove(member)
        if not bundle.waiting:
            self._waiting = [entry for entry in self._waiting if entry[-1] is not bundle]
            heapq.heapify(self._waiting)

    def _read_block(self, member: Member) -> bool:
        """Read and decode a block; whether there is more."""
        try:
            if member.decoder is None:
                member.begin(self._candidate(member.tail, member.tail.peek(0, HEAD_BYTES)))
            data = member.tail.read(self._block_bytes)
        except OSError as error:
            self._refuse(member, reason_of(error))
            return False
        if data is None:
            self._restart(member)
            return False
        self._left -= len(data)
        self._sync(member)
        ended = len(data) < self._block_bytes
        if member.is_document:
            self._read_document(member, data, ended=ended)
        else:
            self._read_lines(member, data, ended=ended)
        if ended and not self._follow:
            member.tail.release()
        return not ended

    def _read_lines(self, member: Member, data: bytes, *, ended: bool) -> None:
        operations = member.decode(data) if data else []
        batch = member.batch(operations, complete=ended)
        member.advance(data)
        if ended and self._is_over(member):
            batch.operations += member.close()
        self._out.append(batch)

    def _is_over(self, member: Member) -> bool:
        """Whether what the decoder holds back is all that will ever come."""
        if member.is_closed:
            return False
        if not self._follow:
            return True
        is_old = self._wall() - member.tail.mtime_ns > QUIET_NS
        return is_old and member.grew_at_ns is None and member.decoder is not None and member.decoder.pending > 0

    def _read_document(self, member: Member, data: bytes, *, ended: bool) -> None:
        member.held += member.decode(data)
        if not ended:
            return
        if self._follow and self._has_changed(member):
            self._settle(member)
            return
        operations = [*member.held, *member.close()]
        member.held = []
        self._out.append(member.batch(operations, complete=True))

    def _sync(self, member: Member) -> None:
        if isinstance(member.source, FileSource):
            member.source.place = member.tail.place

    # Following.

    def _look(self, member: Member) -> None:
        """Look at one file, and at what became of it."""
        before = member.tail.size
        try:
            name, change = member.tail.look()
        except OSError as error:
            self._refuse(member, reason_of(error))
            return
        if name is Name.ours:
            if member.gone:
                self._move(member, member.path)
        elif name is Name.denied:
            self._refuse(member, "permission denied")
            return
        elif not member.gone and not self._follow_name(member, name):
            return
        if member.tail.size > before:
            self._has_grown(member)
        self._act(member, change)

    def _look_again(self, member: Member) -> None:
        if self._first_done:
            self._look(member)

    def _act(self, member: Member, change: Change) -> None:
        """What a change means for a file at its stage."""
        match member.stage:
            case Stage.unclaimed | Stage.refused:
                if member.signature != member.seen and self._is_worth_a_look(member):
                    self._has_grown(member)
                    self._again(member)
            case Stage.claimed if member.is_document:
                if member.signature[:2] != member.seen[:2]:
                    self._has_grown(member)
                    self._settle(member)
            case Stage.claimed if change is Change.restarted:
                self._restart(member)
            case Stage.claimed if change is Change.grown:
                self._grown(member)

    def _has_grown(self, member: Member) -> None:
        member.grew_at_ns = self._wall()
        self._attention.grew(member, self._monotonic())

    def _is_worth_a_look(self, member: Member) -> bool:
        """Whether a file that no format claimed may be claimed now: more of its head is there, or another one."""
        length, print_ = member.head
        if member.stage is Stage.refused or length < HEAD_BYTES or member.tail.size < length:
            return True
        try:
            return digest(member.tail.peek(0, PRINT_BYTES)) != print_
        except OSError:
            return True

    def _again(self, member: Member) -> None:
        if member.stage is Stage.refused and member.decoder is not None:
            member.stage = Stage.claimed
            self._wait(member)
        else:
            self._look_into(member)

    def _grown(self, member: Member) -> None:
        if member.is_closed or not self._is_still_claimed(member):
            self._begin_again(member)
        else:
            self._wait(member)

    def _is_still_claimed(self, member: Member) -> bool:
        """Whether a longer look leads to the same claim."""
        match = member.match
        if match is None or match.certain:
            return True
        try:
            answer = self._ask(member.tail, member.tail.peek(0, HEAD_BYTES))
        except OSError:
            return True
        if not isinstance(answer, Match):
            return True
        member.match = answer
        return (answer.format, answer.role, answer.bundle) == (match.format, match.role, match.bundle)

    def _restart(self, member: Member) -> None:
        """Truncated or rewritten in place."""
        lost = member.tail.lost
        cut = 0 if member.decoder is None or member.is_document else member.decoder.pending
        text = "truncated or rewritten: read again from the start"
        if lost:
            text += f"; {lost:,} bytes were cut before they could be read"
        if cut:
            text += f"; an unfinished record of {cut:,} bytes was cut"
        self._notice("warning", text, member.path)
        self._has_grown(member)
        self._begin_again(member)

    def _begin_again(self, member: Member, generation: int | None = None) -> None:
        """The next generation: what was said is taken back, at once or, for a document, when it is read again."""
        was_document = member.is_document
        member.tail.restart(generation)
        self._sync(member)
        if member.bundle is not None and member in member.bundle.waiting:
            member.bundle.waiting.remove(member)
        member.forget()
        if member.forgetting and not was_document:
            self._out.append(member.batch())
        self._look_into(member)

    def _has_changed(self, member: Member) -> bool:
        """Whether a document is another one than when it was looked into."""
        try:
            member.tail.look()
        except OSError:
            return False
        return member.signature[:2] != member.seen[:2]

    def _settle(self, member: Member) -> None:
        """A document changed: read it again when it has not changed for a moment."""
        now = self._monotonic()
        _, _, since = self._settling.get(member.tail.key, (member, now, now))
        member.seen = member.signature
        self._settling[member.tail.key] = (member, min(now + SETTLE_S, since + SETTLE_AT_MOST_S), since)

    def _reread_if_settled(self, member: Member, now: float) -> None:
        _, due, _ = self._settling[member.tail.key]
        if now >= due:
            del self._settling[member.tail.key]
            if member.stage is Stage.claimed:
                self._begin_again(member)

    # Names.

    def _follow_name(self, member: Member, name: Name) -> bool:
        """Its name leads to nothing or to another file; False: it is not known any more."""
        path = self._whereabouts(member)
        if path is not None:
            self._move(member, path)
            return True
        self._lose(member, "replaced" if name is Name.other else "deleted or moved away")
        return member.source is not None

    def _whereabouts(self, member: Member) -> str | None:
        """Its new name in the same folder."""
        folder = os.path.dirname(member.path)
        listing = self._listings.get(folder)
        if listing is None:
            try:
                with os.scandir(folder) as entries:
                    listing = {entry.inode(): entry.path for entry in entries}
            except OSError:
                listing = {}
            self._listings[folder] = listing
        path = listing.get(member.tail.place.inode)
        if path is None or path == member.path:
            return None
        try:
            is_it = member.tail.place.is_at(os.stat(path))
        except OSError:
            return None
        return path if is_it and (member.tail.is_open or member.tail.is_found_in(path)) else None

    def _move(self, member: Member, path: str) -> None:
        """The same file is found under another name, or found again."""
        old = member.path
        if self._by_path.get(old) is member:
            del self._by_path[old]
        if self._former.get(old) is member:
            del self._former[old]
        other = self._by_path.get(path)
        if other is not None and other is not member:
            self._attention.suspect(other)
        self._by_path[path] = member
        self._by_inode[member.tail.place.device, member.tail.place.inode] = member
        member.tail.move(path)
        self._sync(member)
        was_gone, member.gone = member.gone, False
        if was_gone and member.source is not None:
            self._out.append(member.batch())
        if old != path:
            self._discovery.look_at(old)
            if member.stage is Stage.unclaimed:
                self._look_into(member)

    def _lose(self, member: Member, how: str = "deleted") -> None:
        """It is gone. What was read stays; what is kept open is read to its end."""
        path = member.path
        if self._by_path.get(path) is member:
            del self._by_path[path]
        self._discovery.look_at(path)
        if not member.tail.is_open:
            self._by_inode.pop((member.tail.place.device, member.tail.place.inode), None)
        if member.source is None:
            self._drop(member)
            return
        member.gone = True
        self._former[path] = member
        text = f"{how}; what was read stays"
        if member.tail.unread and not member.tail.is_open:
            text += f"; {member.tail.unread:,} bytes were lost before they could be read"
        self._notice("info", text, path)
        self._out.append(member.batch())
        if member.tail.unread and member.tail.is_open and member.stage is Stage.claimed:
            self._wait(member)

    def _drop(self, member: Member) -> None:
        """Forget a file as if it had not been seen."""
        place = member.tail.place
        self._members.pop(member.tail.key, None)
        self._settling.pop(member.tail.key, None)
        if self._by_inode.get((place.device, place.inode)) is member:
            del self._by_inode[place.device, place.inode]
        member.tail.release()

    def _succeed(self, former: Member, member: Member, head: bytes, answer: Match | str) -> None:
        """A new file has the name of one that is gone: the same recording written again, or another one."""
        if not isinstance(answer, Match) or former.match is None:
            return
        is_document = former.is_document and answer.format is former.match.format
        if self._former.get(member.path) is former:
            del self._former[member.path]
        if not is_document and not former.tail.begins_like(head):
            return
        member.source, member.match, member.bundle = former.source, former.match, former.bundle
        member.candidate = former.candidate
        if isinstance(member.source, FileSource):
            member.source.moved_to(member.tail.key)
        member.forget()
        member.tail.restart(former.tail.place.generation + 1)
        self._sync(member)
        self._drop(former)
        self._notice("info", "written anew under its name: read again from the start", member.path)
        if not is_document:
            self._out.append(member.batch())


_DETECTIONS: Final = 8
"""Files looked into between two looks at the clock: about a millisecond."""


def _formats_and_detect(formats: Sequence[Format] | None, detect: Detect | None) -> tuple[Sequence[Format], Detect]:
    if formats is not None and detect is not None:
        return formats, detect
    # Late: the formats bring their parsers, and what only names a path does not need them.
    from tracetui.core import formats as known

    return known.FORMATS if formats is None else formats, known.detect if detect is None else detect
