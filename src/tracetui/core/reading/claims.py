"""Which format reads a file and why, and which files are read as one run."""

# Names as the system gives them, by the thousand: no Path objects in here.
# ruff: noqa: PTH100, PTH116, PTH119, PTH120

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from tracetui.core.batch import Explanation
from tracetui.core.follow import Tail
from tracetui.core.formats._base import HEAD_BYTES, Candidate, Format, Match
from tracetui.core.reading.member import Bundle, Member
from tracetui.core.sources.file import OpenFiles, kind_of_file


class Unclaimed(Protocol):
    """Detection's answer for a file that no format reads."""

    @property
    def reason(self) -> str:
        """Why, in plain words."""


Detect = Callable[[Candidate, Sequence[Format]], Match | Unclaimed]


class Claims:
    """Asks the formats, and keeps the bundles.

    Args:
        formats: most specific first; None: all that tracetui knows.
        detect: how they are asked; None: ``tracetui.core.formats.detect``.
        siblings: the names in a folder.
        named: the paths that the user named.
    """

    def __init__(
        self,
        formats: Sequence[Format] | None,
        detect: Detect | None,
        siblings: Callable[[str], frozenset[str]],
        named: Sequence[str] = (),
    ) -> None:
        self._formats, self._detect = _formats_and_detect(formats, detect)
        self._siblings = siblings
        self._named = frozenset(named)
        self._named_in: dict[str, set[str]] = {}
        for path in named:
            self._named_in.setdefault(os.path.dirname(path), set()).add(os.path.basename(path))
        self._bundles: dict[tuple[str, str], Bundle] = {}
        self._numbers = itertools.count()

    def candidate(self, tail: Tail, head: bytes) -> Candidate:
        """A file as formats may look at it."""
        folder, name = os.path.split(tail.place.path)
        path = tail.place.path
        # Files that a shell named one by one (traces/*.jsonl) are each other's siblings too.
        siblings = self._siblings(folder) or frozenset(self._named_in.get(folder, ()))
        return Candidate(
            path, name, head, tail.size, tail.mtime_ns, siblings, path in self._named, tables=_tables(path, head)
        )

    def ask(self, candidate: Candidate) -> Match | str:
        """A format's claim, or why there is none."""
        if not candidate.head:
            return "empty"
        answer = self._detect(candidate, self._formats)
        return answer if isinstance(answer, Match) else answer.reason

    def bundle(self, member: Member, match: Match) -> Bundle:
        """The bundle that a claimed file belongs to; a file that is a run by itself has one of its own."""
        alone = f"\0{member.tail.key}"  # no path
        key = (match.format.name, alone if match.bundle is None else match.bundle)
        bundle = self._bundles.get(key)
        if bundle is None:
            assembler = match.format.assembler(match.bundle or member.path)
            bundle = self._bundles[key] = Bundle(assembler, next(self._numbers))
        return bundle

    def explain(self, path: str) -> Explanation:
        """Why a file is read as it is, by looking at it now. Raises OSError for a path that cannot be read."""
        path = os.path.abspath(path)
        status = os.stat(path)
        if kind := kind_of_file(status.st_mode):
            return Explanation(path, kind)
        folder, name = os.path.split(path)
        head = Tail(path, status, 0, OpenFiles(0)).peek(0, HEAD_BYTES)
        siblings = frozenset(os.listdir(folder))
        tables = _tables(path, head)
        answer = self.ask(Candidate(path, name, head, status.st_size, status.st_mtime_ns, siblings, tables=tables))
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


def _tables(path: str, head: bytes) -> Mapping[str, Sequence[str]] | None:
    """What a database on disk holds; None for other files."""
    if not head.startswith(b"SQLite format 3\x00"):
        return None
    from tracetui.core.sources.sqlite import tables_of  # late: few need a database

    return tables_of(path)


def _formats_and_detect(formats: Sequence[Format] | None, detect: Detect | None) -> tuple[Sequence[Format], Detect]:
    if formats is not None and detect is not None:
        return formats, detect
    # Late: the formats bring their parsers, and what only names a path does not need them.
    from tracetui.core import formats as known

    return known.FORMATS if formats is None else formats, known.detect if detect is None else detect
