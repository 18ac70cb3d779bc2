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
from tracetui.core.reading.memory import FileState
from tracetui.core.sources.file import OpenFiles, kind_of_file
from tracetui.core.sources.gzip import is_packed, unpacked_head, unpacked_name


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
        shown: what paths are called that nobody knows by their own name: standard input.
    """

    def __init__(
        self,
        formats: Sequence[Format] | None,
        detect: Detect | None,
        siblings: Callable[[str], frozenset[str]],
        named: Sequence[str] = (),
        shown: Mapping[str, str] | None = None,
    ) -> None:
        self._formats, self._detect = _formats_and_detect(formats, detect)
        self._siblings = siblings
        self._named = frozenset(named)
        self._named_in: dict[str, set[str]] = {}
        for path in named:
            self._named_in.setdefault(os.path.dirname(path), set()).add(os.path.basename(path))
        self._shown = shown or {}
        self._real: dict[str, str] = {}
        self._bundles: dict[tuple[str, str], Bundle] = {}
        self._numbers = itertools.count()
        self._recalled: dict[int, Bundle] = {}

    def candidate(self, tail: Tail, head: bytes) -> Candidate:
        """A file as formats may look at it; ``head`` is what it begins with on disk."""
        path = tail.place.path
        folder = os.path.dirname(path)
        # Files that a shell named one by one (traces/*.jsonl) are each other's siblings too.
        siblings = self._siblings(folder) or frozenset(map(unpacked_name, self._named_in.get(folder, ())))
        return self._candidate(tail, head, siblings)

    def _candidate(self, tail: Tail, head: bytes, siblings: frozenset[str]) -> Candidate:
        path, size = tail.place.path, tail.size
        told = self._told_path(path, head)
        if packed := is_packed(head):
            inside = unpacked_head(head, HEAD_BYTES, is_all=len(head) >= size)
            head, size = inside.data, len(inside.data) if inside.is_whole else max(len(inside.data) + 1, size)
        tables = None if packed else _tables(path, head)
        name, is_named = os.path.basename(told), path in self._named
        return Candidate(told, name, head, size, tail.mtime_ns, siblings, is_named, tables, packed)

    def _told_path(self, path: str, head: bytes) -> str:
        """The path that formats are told: what is in ``x.jsonl.gz`` is called ``x.jsonl``, unless that is there as well."""
        told = self._shown.get(path, path)
        if is_packed(head):
            plain = unpacked_name(path)
            told = plain if told == path and not os.path.lexists(plain) else told
        if told != path:
            self._real[told] = path
        return told

    def real_path(self, told: str) -> str:
        """The path of a file that formats know by this one."""
        return self._real.get(told, told)

    def ask(self, candidate: Candidate) -> Match | str:
        """A format's claim, or why there is none."""
        if not candidate.head:
            return "compressed with gzip, and nothing in it that can be read" if candidate.packed else "empty"
        answer = self._detect(candidate, self._formats)
        if candidate.packed and isinstance(answer, Match) and answer.tables:
            return "compressed with gzip: an SQLite database, which can be read only unpacked"
        if isinstance(answer, Match):
            return answer
        return f"compressed with gzip: {answer.reason}" if candidate.packed else answer.reason

    def bundle(self, member: Member, match: Match) -> tuple[Bundle, bool]:
        """The bundle that a claimed file belongs to; a file that is a run by itself has one of its own.

        And whether the file has shown that others, which were in several bundles, are in one: ``Bundle.united_with`` says so.
        """
        alone = f"\0{member.tail.key}"  # no path
        names = (alone if match.bundle is None else match.bundle, *match.also)
        keys = [(match.format.name, name) for name in names]
        found = [bundle for key in keys if (bundle := self._bundles.get(key)) is not None]
        if found:
            bundle = min(found, key=lambda bundle: bundle.number)
        else:
            assembler = match.format.assembler(match.bundle or self._shown.get(member.path, member.path))
            bundle = Bundle(assembler, next(self._numbers))
        for other in found:
            if other is not bundle:
                other.united_with = bundle
                self._bundles |= {key: bundle for key, known in self._bundles.items() if known is other}
        self._bundles |= dict.fromkeys(keys, bundle)
        return bundle, any(other is not bundle for other in found)

    def recalled(self, state: FileState) -> Match | None:
        """The claim that an earlier reading knew of; None: there was none."""
        format = next((one for one in self._formats if one.name == state.format), None)
        if format is None:
            return None
        return Match(
            format, state.reason, state.role, state.bundle, state.certain, state.order, state.tables, state.also
        )

    def numbered(self, state: FileState, member: Member | None = None, match: Match | None = None) -> Bundle | None:
        """The bundle that an earlier reading knew by its number: the same one for all files that had that number."""
        bundle = self._recalled.get(state.bundle_number)
        if member is None or match is None or state.bundle_number < 0:
            return bundle
        if bundle is None:
            bundle = self._recalled[state.bundle_number] = self.bundle(member, match)[0]
        else:
            names = (f"\0{member.tail.key}" if match.bundle is None else match.bundle, *match.also)
            self._bundles |= {(match.format.name, name): bundle for name in names}
        return bundle

    def explain(self, path: str) -> Explanation:
        """Why a file is read as it is, by looking at it now. Raises OSError for a path that cannot be read."""
        path = os.path.abspath(path)
        status = os.stat(path)
        if kind := kind_of_file(status.st_mode):
            return Explanation(path, kind)
        tail = Tail(path, status, 0, OpenFiles(0))
        head = tail.peek(0, HEAD_BYTES)
        siblings = frozenset(map(unpacked_name, os.listdir(os.path.dirname(path))))
        candidate = self._candidate(tail, head, siblings)
        candidate.named = False  # as it would be read with its folder
        answer = self.ask(candidate)
        path = self._shown.get(path, path)
        if not isinstance(answer, Match):
            return Explanation(path, answer, size=status.st_size)
        return Explanation(
            path,
            f"compressed with gzip: {answer.reason}" if candidate.packed else answer.reason,
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
