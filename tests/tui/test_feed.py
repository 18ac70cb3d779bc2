"""The feed: reads in a thread, applies on the loop, tells what changed at most four times a second."""

import asyncio
import os
import signal
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.tui.helpers import NOON
from tracetui.core.operations import RunFact
from tracetui.core.reader import Reader
from tracetui.core.reading.frames import Part
from tracetui.core.reading.remote import ReaderLost, RemoteReader, RemoteWatcher
from tracetui.core.store import Change, Store
from tracetui.core.testing import TickingClock
from tracetui.tui.feed import Feed


def make_feed(folder: Path, told: list[Change]) -> Feed:
    feed = Feed(Store(), Reader([str(folder)], follow=True, wall=TickingClock(NOON)))
    feed.changed = told.append
    return feed


async def test_everything_that_is_there_is_read_and_told(native_traces: Path) -> None:
    told: list[Change] = []
    feed = make_feed(native_traces, told)
    feed.start()
    await feed.idle.wait()
    assert len(feed.store.live_runs()) == 3
    assert {row for change in told for row in change.new_runs} == {0, 1, 2}
    await feed.stop()


async def test_who_hears_that_all_is_read_has_been_told_all(native_traces: Path) -> None:
    told: list[Change] = []
    feed = make_feed(native_traces, told)
    known: list[int] = []

    def progressed() -> None:
        if feed.progress is not None and feed.progress.done:
            known.append(len({row for change in told for row in change.runs}))

    feed.progressed = progressed
    feed.start()
    await feed.idle.wait()
    assert known == [3]
    await feed.stop()


async def test_changes_within_a_quarter_of_a_second_are_told_together(native_traces: Path) -> None:
    told: list[Change] = []
    feed = make_feed(native_traces, told)
    feed.read_all()
    first = len(told)
    feed._tell_soon()
    feed._note(Change(runs={0}, epoch=8))
    feed._tell_soon()
    feed._note(Change(runs={1}, epoch=9))
    feed._tell_soon()
    assert len(told) == first
    feed._tell()
    assert told[-1].runs == {0, 1}
    feed.reader.close()


async def test_a_watcher_wakes_the_reader(native_traces: Path, tmp_path: Path) -> None:
    class Watcher:
        mode, reason = "watching", ""

        def start(self, changed: object) -> None:
            self.changed = changed

        def stop(self) -> None:
            self.changed = None

    aside = tmp_path / "aside.jsonl"
    (native_traces / "support_bot.jsonl").rename(aside)
    told: list[Change] = []
    watcher = Watcher()
    feed = Feed(Store(), Reader([str(native_traces)], follow=True, wall=TickingClock(NOON)), watcher)  # type: ignore[arg-type]
    feed.changed = told.append
    feed.start()
    await feed.idle.wait()
    aside.rename(native_traces / "support_bot.jsonl")
    feed.idle.clear()
    await asyncio.to_thread(watcher.changed, None)
    await feed.idle.wait()
    assert len(feed.store.live_runs()) == 3
    await feed.stop()
    assert watcher.changed is None


async def test_a_question_is_answered_between_two_polls(native_traces: Path) -> None:
    (native_traces / "notes.txt").write_text("nothing\n")
    feed = make_feed(native_traces, [])
    feed.start()
    unrecognised = await feed.ask(lambda reader: reader.unrecognised if reader.progress.done else None)
    while unrecognised is None:
        unrecognised = await feed.ask(lambda reader: reader.unrecognised if reader.progress.done else None)
    assert [Path(path).name for path, _ in unrecognised] == ["notes.txt"]
    await feed.stop()


async def test_a_wrong_question_raises_where_it_was_asked(native_traces: Path) -> None:
    feed = make_feed(native_traces, [])
    feed.start()
    with pytest.raises(ZeroDivisionError):
        await feed.ask(lambda _reader: 1 // 0)
    await feed.stop()


async def test_a_fault_while_reading_is_told(native_traces: Path) -> None:
    feed = make_feed(native_traces, [])
    faults: list[BaseException] = []
    feed.failed = faults.append

    def fail(_budget_s: float) -> Iterable[object]:
        raise RuntimeError("a fault")

    feed.reader.poll = fail  # type: ignore[method-assign, assignment]
    feed.start()
    await feed.idle.wait()
    assert [str(fault) for fault in faults] == ["a fault"]
    await feed.stop()


async def test_the_path_of_a_source_is_known(native_traces: Path) -> None:
    feed = make_feed(native_traces, [])
    feed.read_all()
    run = feed.store.live_runs()[0]
    assert Path(feed.path_of(run.sources[0])).parent == native_traces
    assert feed.path_of(99) == ""
    feed.reader.close()


async def test_what_a_process_reads_is_read_and_told_and_followed(native_traces: Path, tmp_path: Path) -> None:
    aside = tmp_path / "aside.jsonl"
    (native_traces / "support_bot.jsonl").rename(aside)
    told: list[Change] = []
    remote = RemoteReader([str(native_traces)])
    feed = Feed(Store(), remote, RemoteWatcher(remote))
    feed.changed = told.append
    feed.start()
    await feed.idle.wait()
    assert len(feed.store.live_runs()) == 2
    feed.idle.clear()
    aside.rename(native_traces / "support_bot.jsonl")
    await feed.idle.wait()
    while len(feed.store.live_runs()) < 3:  # its folder is told of before the file
        feed.idle.clear()
        await feed.idle.wait()
    assert {row for change in told for row in change.new_runs} == {0, 1, 2}
    assert await feed.ask(lambda reader: reader.unrecognised) == []
    await feed.stop()


async def test_a_process_that_is_lost_is_told(native_traces: Path) -> None:
    remote = RemoteReader([str(native_traces)])
    feed = Feed(Store(), remote, RemoteWatcher(remote))
    faults: list[BaseException] = []
    feed.failed = faults.append
    feed.start()
    await feed.idle.wait()
    feed.idle.clear()
    os.kill(remote.pid, signal.SIGKILL)
    await feed.idle.wait()
    assert [type(fault) for fault in faults] == [ReaderLost]
    await feed.stop()


async def test_while_showing_takes_long_it_is_shown_seldom_and_at_the_end(native_traces: Path) -> None:
    told: list[Change] = []
    feed = make_feed(native_traces, told)
    poll = feed.reader.poll
    feed.reader.poll = lambda budget_s: poll(budget_s, 1)  # type: ignore[method-assign, assignment, misc]
    feed.shown(1.0)
    feed.shown(1.0)
    feed.start()
    await feed.idle.wait()
    assert len(told) == 2
    assert feed.progress is not None
    assert feed.progress.done
    await feed.stop()


async def test_what_was_taken_back_is_told_with_what_stands_in_its_place(native_traces: Path) -> None:
    told: list[Change] = []
    feed = make_feed(native_traces, told)
    await feed._apply([Part(0, "native", operations=[RunFact("r")], more=True)])
    assert told == []
    await feed._apply([Part(0, "native", operations=[RunFact("r", name="all of it")])])
    assert len(told) == 1
    feed.reader.close()
