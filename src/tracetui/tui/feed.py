"""Drives the reader and folds what it brings into the store: reading in a thread or a process, applying on the event loop.

`Reader.poll` does a bounded piece of work in a worker thread, `RemoteReader.poll` takes there what a process has read. The
batches are applied between two keystrokes: after a few milliseconds everything else that is to be done comes first. What
changed is told at most four times a second, the first change at once; while much is read it is told so seldom that showing
it takes a small share of the time. Nothing here touches a widget: `changed` and `progressed` are called on the loop's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from tracetui.tui.stillness import Stillness

if TYPE_CHECKING:
    from tracetui.core.batch import Batch
    from tracetui.core.reader import Notice, Progress, Reader
    from tracetui.core.reading.memory import ReadingState
    from tracetui.core.reading.remote import RemoteReader
    from tracetui.core.store import Change, Store

    AnyReader = Reader | RemoteReader

BUDGET_S: Final = 0.012
"""How long one poll may work, s: less than a frame."""
TELL_EVERY_S: Final = 0.25
"""The least time between two tellings of what changed, s; the first one after a rest comes at once."""
SHOWING_SHARE: Final = 80
"""While much is read, what is read is told no sooner than after so many times as long as showing it took last."""
KEEP_S: Final = 2.0
"""How long the end waits for what is to be kept."""
_APPLY_S: Final = 0.002
_TURNS: Final = 64
"""Turns of the loop at most that everything else gets: a key takes about ten from the terminal to the frame."""
_QUIET_S: Final = 0.000_1
"""A turn that was shorter than this had nothing to do."""
_T = TypeVar("_T")


class Watched(Protocol):
    """What the feed needs of `core.watching.Watcher`."""

    @property
    def mode(self) -> str:
        """`watching`, or `polling`: changes are found by looking only."""

    @property
    def reason(self) -> str:
        """Why it is polling."""

    def start(self, changed: Callable[[Iterable[str] | None], None]) -> None:
        """Watch from now on; `changed` gets paths, or None for anywhere, and may be called from any thread."""

    def stop(self) -> None:
        """Watch no more."""


class Feed:
    """Reads into the store for as long as the screen is open.

    Args:
        store: Where batches go.
        reader: What reads; used in one thread at a time only.
        watcher: Wakes the reader when something changed; None: the reader looks by itself.
        tell_every_s: The least time between two tellings; more on a slow link.
    """

    def __init__(
        self,
        store: Store,
        reader: AnyReader,
        watcher: Watched | None = None,
        tell_every_s: float = TELL_EVERY_S,
    ) -> None:
        self.store = store
        self.reader = reader
        self.idle = asyncio.Event()
        """Set while everything that is there has been read and told."""
        self.stillness = Stillness()
        """What threads look at the store through: nothing is folded in while one does."""
        self.progress: Progress | None = None
        """How far reading had got when that was last told; all that was read by then has been told before."""
        self.changed: Callable[[Change], None] = lambda _change: None
        self.progressed: Callable[[], None] = lambda: None
        self.noticed: Callable[[Notice], None] = lambda _notice: None
        self.failed: Callable[[BaseException], None] = lambda _error: None
        """Told of a fault of ours while reading; nothing is read any more."""
        self._watcher = watcher
        self._tell_every_s = tell_every_s
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._questions: list[tuple[Callable[[AnyReader], object], asyncio.Future[object]]] = []
        self._preferred: frozenset[str] | None = None
        self._pending: Change | None = None
        self._new_progress: Progress | None = None
        self._seen_progress: Progress | None = None
        self._told_at = self._progress_at = self._how_far_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._answers: list[tuple[asyncio.Future[object], tuple[object, BaseException | None]]] = []
        self._new_notices: list[Notice] = []
        self._stopped = False
        self._resting = False
        self._told_polling = ""
        self._showing_s = self._last_showing_s = 0.0
        self._is_slowed = self._is_amid = False

    # ------------------------------------------------------------ for the screen

    def start(self) -> None:
        """Begin to read. To be called after the first paint, on the loop's thread."""
        if self._task is None:
            loop = asyncio.get_running_loop()
            if self.store.is_frozen:  # an earlier reading left what is in it
                self._note(everything(self.store))
                self._tell_soon()
            self._task = loop.create_task(self._run(), name="tracetui-feed")
            self._task.add_done_callback(self._has_ended)
            if self._watcher is not None:
                self._watcher.start(lambda paths: self._was_changed(loop, paths))

    async def stop(self) -> None:
        """Read no more; returns when the last poll is over."""
        self._stopped = True
        if self._watcher is not None:
            await asyncio.to_thread(self._watcher.stop)
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._wake.set()
            await asyncio.wait((self._task,))
            self._task = None
        for _, answer in self._questions:
            answer.cancel()
        await asyncio.to_thread(self.reader.close)

    @property
    def polling(self) -> str:
        """Why changes are found by looking only, which takes longer (text of the system's); empty while it tells of them."""
        watcher = self._watcher
        is_started = watcher is not None and self._task is not None
        return watcher.reason if watcher is not None and is_started and watcher.mode == "polling" else ""

    def shown(self, seconds: float) -> None:
        """Showing what was told last took so long."""
        # The first time modules are loaded for it, and one long time says little.
        self._showing_s, self._last_showing_s = min(seconds, self._last_showing_s), seconds

    def wake(self) -> None:
        """Look again now."""
        self._wake.set()

    def prefer(self, sources: Iterable[int]) -> None:
        """Read these sources first and look at them most often: those of the open run."""
        self._preferred = frozenset(path for source in sources if (path := self.path_of(source)))
        self._wake.set()

    async def ask(self, question: Callable[[AnyReader], _T]) -> _T:
        """What `question` says of the reader, asked between two polls, in their thread."""
        if self._task is None:
            return question(self.reader)
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._questions.append((question, answer))
        self._wake.set()
        return await answer  # type: ignore[return-value]  # the question's own answer

    async def state_to_keep(self) -> ReadingState | None:
        """What a later reading can take up; None: reading it again would not be felt, or is not over, or nothing is new."""
        from tracetui.core.index.saving import is_worth_it

        progress = self.progress
        if self._task is None or self._task.done() or progress is None or not progress.done or self.store.is_frozen:
            return None
        if not is_worth_it(progress.bytes_read, progress.files_found):
            return None
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self.ask(_state_of), KEEP_S)
        return None

    def path_of(self, source: int) -> str:
        """The path of a source, as the system has it (untrusted); empty for one that is not known."""
        found = self.reader.sources.get(source)
        return "" if found is None else found.path

    def read_all(self) -> None:
        """Read whatever is there and tell it, without a loop: for tests and for a first look."""
        while True:
            batches = self.reader.poll(BUDGET_S)
            for batch in batches:
                self._note(self.store.apply(batch))
            if not batches and self.reader.next_due(time.monotonic()) > 0:
                break
        self._seen_progress = self.reader.progress
        self._tell()

    # ------------------------------------------------------------ reading

    async def _run(self) -> None:
        while not self._is_stopped():
            self._wake.clear()
            batches = await asyncio.to_thread(self._poll)
            if self._is_stopped():
                return
            self._answer_done()
            if batches:
                self.idle.clear()
                await self._apply(batches)
            # Only now: what the poll had read by then is in the store.
            self._seen_progress = self._new_progress
            due = self.reader.next_due(time.monotonic())
            if due > 0:
                await self._rest(due)

    def _is_stopped(self) -> bool:
        return self._stopped

    def _poll(self) -> list[Batch]:
        """One piece of work, in a worker thread; nothing else touches the reader meanwhile."""
        if self._preferred is not None:
            self.reader.prefer(self._preferred)
            self._preferred = None
        self.reader.be_told(self._watcher is not None and self._watcher.mode == "watching")
        batches = self.reader.poll(BUDGET_S)
        now = time.monotonic()
        was_done = self._new_progress is not None and self._new_progress.done
        if now - self._progress_at >= self._tell_every_s or (
            self.reader.next_due(now) > 0 and not (batches and was_done)
        ):
            if not was_done or batches:
                self._new_progress = self.reader.progress
            self._progress_at = now
        self._answers = [(answer, _try(question, self.reader)) for question, answer in self._take_questions()]
        self._new_notices = self.reader.take_notices()
        return batches

    def _take_questions(self) -> list[tuple[Callable[[AnyReader], object], asyncio.Future[object]]]:
        questions, self._questions = self._questions, []
        return questions

    def _answer_done(self) -> None:
        for future, (value, error) in self._answers:
            if not future.done():
                if error is None:
                    future.set_result(value)
                else:
                    future.set_exception(error)
        for notice in self._new_notices:
            self.noticed(notice)
        if self.polling != self._told_polling:
            self._told_polling = self.polling
            self.progressed()

    async def _apply(self, batches: Sequence[Batch]) -> None:
        """Fold the batches in, letting keys through in between."""
        started = time.perf_counter()
        for batch in batches:
            if not await self.stillness.begin_to_fold(self._is_stopped):
                return
            try:
                self._note(self.store.apply(batch))
            finally:
                self.stillness.end_of_folding()
            # What was taken back is told only with what stands in its place.
            self._is_amid = getattr(batch, "more", False)
            if time.perf_counter() - started > _APPLY_S:
                await _let_others()
                started = time.perf_counter()
        self._tell_soon()

    async def _rest(self, seconds: float) -> None:
        self._resting = True
        if self._timer is None or self._is_slowed:
            self._tell()  # else what changed is told when its time has come, however often the reader rests
        self._note_idle()
        with self._arrivals(), contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), None if math.isinf(seconds) else seconds)
        self._resting = False

    @contextlib.contextmanager
    def _arrivals(self) -> Iterator[None]:
        """Wake when something comes from a reader that is a process."""
        arrivals = getattr(self.reader, "arrivals", None)
        if arrivals is None:
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_reader(arrivals, self._wake.set)
        try:
            yield
        finally:
            loop.remove_reader(arrivals)

    def _note_idle(self) -> None:
        # It also rests before it looks at what it found.
        if self._resting and self._pending is None and self.progress is not None and self.progress.done:
            self.idle.set()

    def _was_changed(self, loop: asyncio.AbstractEventLoop, paths: Iterable[str] | None) -> None:
        """Called by the watcher, in its own thread."""
        self.reader.changed(paths)
        with contextlib.suppress(RuntimeError):  # the loop is closed: the screen has ended
            loop.call_soon_threadsafe(self._wake.set)

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.idle.set()
            self.failed(error)

    # ------------------------------------------------------------ telling

    def _note(self, change: Change) -> None:
        if self._pending is None:
            self._pending = change
        else:
            self._pending.merge(change)

    def _tell_soon(self) -> None:
        """Tell at once after a rest, else when some time has gone by since the last time: `TELL_EVERY_S`, or more."""
        if self._timer is not None:
            self._tell_how_far()
            return
        now = time.monotonic()
        least = self._tell_every_s
        pause = least if self._is_read else max(least, SHOWING_SHARE * self._showing_s)
        wait = self._told_at + pause - now
        if wait <= 0:
            self._tell()
        else:
            self._is_slowed = pause > least
            self._timer = asyncio.get_running_loop().call_later(wait, self._tell)

    @property
    def _is_read(self) -> bool:
        return self.progress is not None and self.progress.done

    def _tell_how_far(self) -> None:
        """How far reading is, while what was read waits to be told."""
        now, seen = time.monotonic(), self._seen_progress
        if self._is_slowed and seen is not None and not seen.done and now - self._how_far_at >= self._tell_every_s:
            self._how_far_at = now
            self.progress = seen
            self.progressed()

    def _tell(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._is_amid:
            return  # soon told again
        self._is_slowed = False
        change, self._pending = self._pending, None
        if change is not None:
            self._told_at = self._how_far_at = time.monotonic()
            self.changed(change)
        if self.progress is not self._seen_progress:
            # After the change, so that who hears that all is read has seen all.
            self.progress = self._seen_progress
            self.progressed()
        self._note_idle()


async def _let_others() -> None:
    """Let everything else that is to be done come first, with what comes of it."""
    for _ in range(_TURNS):
        begun = time.perf_counter()
        await asyncio.sleep(0)
        if time.perf_counter() - begun < _QUIET_S:
            return


def _state_of(reader: AnyReader) -> ReadingState | None:
    return reader.state


def everything(store: Store) -> Change:
    """All that is in a store, as if it had just come."""
    from tracetui.core.store import Change

    runs = [run.row for run in store.runs]
    return Change(store.epoch, set(runs), runs, (0, len(store.spans)), (0, len(store.events)))


def _try(question: Callable[[AnyReader], object], reader: AnyReader) -> tuple[object, BaseException | None]:
    try:
        return question(reader), None
    except Exception as error:
        return None, error
