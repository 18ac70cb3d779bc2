"""Which file tells which line of a conversation: resumed sessions copy history, and a stream repeats its session.

Lines are known by their uuid. Of several files that hold a line, the session that was changed first tells it (a resumed one
goes on after it), and a stream only where there is no session. The order of reading does not matter: whoever told what a better
one tells is read again, and then leaves it out.
"""

from __future__ import annotations

from tracetui.core.formats._base import Candidate


class Known:
    """Lines by uuid, with the file and the run that tell them."""

    def __init__(self) -> None:
        self._tellers: list[tuple[str, str]] = []
        self.tellers: dict[int, int] = {}
        """Number of who tells a line, by the hash of its uuid: a session of a gigabyte has a million of them."""
        self._ranks: dict[str, tuple[bool, int, str]] = {}
        self._hidden_by: dict[str, set[str]] = {}
        """Files that leave out lines, by the file that tells them."""
        self._sessions: dict[str, set[str]] = {}
        self._streams: dict[str, set[str]] = {}
        self._stale: set[str] = set()

    def begin(self, candidate: Candidate, *, stream: bool) -> None:
        """A file is read from its start."""
        path = candidate.path
        # As it was first seen: a session that goes on being written keeps its place.
        self._ranks.setdefault(path, (stream, candidate.mtime_ns, path))
        self._stale.discard(path)

    def keeps(self, path: str, session: str) -> None:
        """A session's own file has its lines: streams of it are set aside."""
        tellers = self._sessions.setdefault(session, set())
        if not tellers:
            self._stale |= self._streams.get(session, set())
        tellers.add(path)

    def is_kept(self, path: str, session: str) -> bool:
        """Whether a stream is to be set aside, as far as it tells this session: a file of the session's own is there."""
        self._streams.setdefault(session, set()).add(path)
        return bool(self._sessions.get(session))

    def teller(self, path: str, run: str) -> int:
        """The number under which a file tells a run."""
        self._tellers.append((path, run))
        return len(self._tellers) - 1

    def told_elsewhere(self, uuid: str, teller: int) -> str | None:
        """The run in which another file, or an earlier line, tells this line; None: it is to be told here."""
        first = self.tellers.setdefault(hash(uuid), teller)
        return None if first == teller else self._compare(hash(uuid), first, teller)

    def _compare(self, uuid: int, first: int, teller: int) -> str | None:
        path, (other, run) = self._tellers[teller][0], self._tellers[first]
        if self._ranks[path] < self._ranks[other]:
            self.tellers[uuid] = teller
            self._stale.add(other)
            return None
        if path != other:
            self._hidden_by.setdefault(other, set()).add(path)
        return run

    def forget(self, path: str) -> None:
        """What a file told is not told any more: those that left it out are read again."""
        gone = {number for number, (teller, _) in enumerate(self._tellers) if teller == path}
        self.tellers = {uuid: teller for uuid, teller in self.tellers.items() if teller not in gone}
        self._stale |= self._hidden_by.pop(path, set())
        self._stale.discard(path)
        for streams in self._streams.values():
            streams.discard(path)
        for session, paths in self._sessions.items():
            if path in paths:
                paths.discard(path)
                if not paths:
                    self._stale |= self._streams.get(session, set())

    def take_stale(self) -> list[str]:
        """Files that would say something else if they were read again, since the last call."""
        stale, self._stale = self._stale, set()
        return sorted(stale)
