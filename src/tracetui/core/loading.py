"""A cold read from beginning to end, for commands: paths in, a store that is complete out.

The reader does the work in slices, so that progress can be told and ^C is heard.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracetui.core.errors import Ambiguous, TracetuiError
from tracetui.core.index.opening import Index, open_index
from tracetui.core.run_names import candidate_lines, meant_runs, newest_first, printed_ids
from tracetui.core.sources._base import STDIN_SHOWN, STDIN_WORD
from tracetui.core.store import Run, Store

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.reader import Reader
    from tracetui.core.reading.memory import FileState
    from tracetui.core.reading.still import StillReader
    from tracetui.core.run_bodies import RunBodies
    from tracetui.core.sources.stdin import Spool

USUAL_FOLDER: Final = "traces"
"""Where most recorders write, and what is read if nobody names a path."""

_SLICE_S: Final = 0.1
_SLICE_BYTES: Final = 1_000_000  # what is decoded and not yet folded takes ten times its bytes
_FIRST_TOLD_S: Final = 0.5
_TOLD_EVERY_S: Final = 0.25
_TOLD_COST: Final = 30
"""Progress may cost a thirtieth of the time."""


class NothingReadable(TracetuiError):
    """No run was found where one was looked for."""


@dataclass(slots=True, frozen=True)
class Progress:
    """How far a cold read has come."""

    read_bytes: int
    total_bytes: int
    spans: int
    runs: int


@dataclass
class Loaded:
    """What was read, and what answers for its bodies."""

    store: Store
    reader: Reader | StillReader
    spool: Spool | None = None
    """What keeps standard input, if that is read."""

    @cached_property
    def bodies(self) -> Bodies:
        """Fetches and understands bodies; made when first asked for, since it brings the formats."""
        from tracetui.core.bodies import Bodies
        from tracetui.core.formats import FORMATS

        return Bodies(self.store, self.reader.sources, FORMATS)

    @property
    def followed(self) -> Reader:
        """The reader that goes on with what grows. Raises TypeError where nothing was to be followed."""
        from tracetui.core.reader import Reader

        if not isinstance(self.reader, Reader):
            raise TypeError("it was read as it lay there")
        return self.reader

    @property
    def runs(self) -> list[Run]:
        """The runs that are there, the newest first."""
        return newest_first(self.store.live_runs())

    def bodies_of(self, run: Run) -> RunBodies:
        """For walking over all spans of one run."""
        from tracetui.core.formats import FORMATS
        from tracetui.core.run_bodies import RunBodies

        return RunBodies(self.store, self.reader.sources, FORMATS, run)


def default_paths(paths: Sequence[str]) -> list[str]:
    """The paths named, else ``traces`` if there is such a folder, else the current folder."""
    if paths:
        return list(paths)
    return [USUAL_FOLDER if Path(USUAL_FOLDER).is_dir() else "."]


def load(
    paths: Sequence[str],
    *,
    follow: bool = False,
    progress: Callable[[Progress], None] | None = None,
    spool: Spool | None = None,
) -> Loaded:
    """Read everything that is there now.

    Args:
        paths: Files and folders; none: `default_paths`.
        follow: The reader can go on afterwards with what grows.
        progress: Told now and then, from 0.5 s on.
        spool: One of the paths is its file, which is shown as standard input.
    """
    paths = default_paths(paths)
    if spool is not None or follow:
        return _load(paths, follow=follow, progress=progress, spool=spool)
    index = open_index(paths)
    with _without_collections():
        known = None if index is None else _known(paths, index)
    return _load(paths, progress=progress, index=index) if known is None else known


def _known(paths: Sequence[str], index: Index) -> Loaded | None:
    """What an earlier reading left, if nothing has changed since."""
    from tracetui.core.index.layout import NotAnIndex

    reader = index.reader(paths)
    try:
        return None if reader is None else Loaded(index.store(), reader)
    except NotAnIndex:
        return None


def _load(
    paths: Sequence[str],
    *,
    follow: bool = False,
    progress: Callable[[Progress], None] | None = None,
    spool: Spool | None = None,
    index: Index | None = None,
) -> Loaded:
    from tracetui.core.reader import Reader

    store, memory = _taken_up(index)
    shown = {} if spool is None else {spool.path: STDIN_SHOWN}
    reader = Reader(paths, follow=follow, shown=shown, memory=memory)
    if spool is not None and spool.is_over:
        reader.end(spool.path)
    loaded = Loaded(store, reader, spool)
    telling = _Telling(loaded, progress)
    with _without_collections():
        while True:
            for batch in reader.poll(_SLICE_S, _SLICE_BYTES):
                store.apply(batch)
            if reader.next_due(time.monotonic()) > 0:
                break
            telling.tell()
        if spool is None and not follow:
            leave_index(paths, store, reader)
    return loaded


def _taken_up(index: Index | None) -> tuple[Store, list[FileState]]:
    """The store to read into, and what it knows already."""
    from tracetui.core.index.layout import NotAnIndex

    try:
        return (Store(), []) if index is None else (index.store(), index.files)
    except NotAnIndex:
        return Store(), []


def leave_index(paths: Sequence[str], store: Store, reader: Reader) -> bool:
    """Leave what was read to the next reading, if reading it anew would be felt; whether that was done."""
    from tracetui.core.index.saving import is_worth_it, save_index

    progress = reader.progress
    if store.is_frozen or not is_worth_it(progress.bytes_read, progress.files_found):
        return False
    state = reader.state
    return state is not None and save_index(default_paths(paths), store, state)


@contextmanager
def _without_collections() -> Iterator[None]:
    """No search for cycles while everything read is kept anyway: with 10,000 runs it takes a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Telling:
    """Tells progress a few times a second, and less often where finding it out takes long (it looks at every file)."""

    def __init__(self, loaded: Loaded, told: Callable[[Progress], None] | None) -> None:
        self._loaded = loaded
        self._told = told
        self._due = time.monotonic() + _FIRST_TOLD_S

    def tell(self) -> None:
        """Tell it if it is time."""
        begun = time.monotonic()
        if self._told is None or begun < self._due:
            return
        now, store = self._loaded.reader.progress, self._loaded.store
        self._told(Progress(now.bytes_read, now.bytes_known, len(store.spans), len(store.runs)))
        ended = time.monotonic()
        self._due = ended + max(_TOLD_EVERY_S, _TOLD_COST * (ended - begun))


def open_run(
    word: str,
    places: Sequence[str],
    is_failed: Callable[[Run], bool],
    progress: Callable[[Progress], None] | None = None,
    spool: Spool | None = None,
) -> tuple[Loaded, list[Run]]:
    """Read and find the run that a word means: the run of an existing path, else what is called so in ``places``.

    Returns:
        What was read, and `tracetui.core.run_names.meant_runs`: the run first, then others of the name that was asked for.

    Raises:
        NothingReadable: There is no run there at all.
        Ambiguous: A path with several runs, or the beginning of several ids.
        NotFound: There are runs, and this is none of them.
    """
    if os.path.lexists(word):
        loaded = load([word], progress=progress, spool=spool)
        runs = loaded.runs
        called = STDIN_SHOWN if spool is not None and word == spool.path else repr(word)
        if not runs:
            raise NothingReadable(f"nothing in {called} is a run that tracetui can read")
        if len(runs) > 1:
            raise Ambiguous(
                f"{called} holds {len(runs)} runs; name one of them and the path with --in",
                candidate_lines(runs, printed_ids(runs)),
            )
        return loaded, runs
    loaded = load(places, progress=progress, spool=spool)
    runs = loaded.runs
    if not runs:
        raise NothingReadable(
            nothing_found([STDIN_WORD if spool is not None and at == spool.path else at for at in places])
        )
    return loaded, meant_runs(word, runs, is_failed)


def nothing_found(paths: Sequence[str]) -> str:
    """What to say of paths without a run: what was looked at, and where traces usually are."""
    missing = [path for path in paths if path != STDIN_WORD and not os.path.lexists(path)]
    if missing:
        return "no such file or folder: " + ", ".join(map(repr, missing))
    where = ", ".join(
        STDIN_SHOWN if path == STDIN_WORD else repr(str(Path(path).absolute())) for path in default_paths(paths)
    )
    if set(paths) == {STDIN_WORD}:
        return f"no runs in {where}; `tracetui formats --explain -` says why it is not read"
    return (
        f"no runs in {where}\n"
        "Traces are usually in a folder traces/ where the agent was started.\n"
        "Name the folder or file: tracetui PATH. `tracetui --sample` shows an example, "
        "`tracetui formats --explain FILE` why a file is not read."
    )
