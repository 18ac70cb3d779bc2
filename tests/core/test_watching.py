"""Being woken by the system, and saying so where that does not work. These tests wait for the real thing, up to a limit."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Condition

import pytest

from tests.core.plain_lines import Clock, View, append, line, numbers
from tracetui.core.watching import Watcher, silent_file_system

PATIENCE_S = 10.0


class Told:
    """What a watcher told, and a way to wait for more."""

    def __init__(self) -> None:
        self._told: list[str | None] = []
        self._more = Condition()

    def __call__(self, paths: Iterable[str] | None) -> None:
        with self._more:
            self._told += [None] if paths is None else paths
            self._more.notify_all()

    def heard(self, path: Path | None, again: Callable[[], object] = lambda: None) -> bool:
        """Whether a path is told within the limit; ``again`` is what makes it told, done until then."""
        end = time.monotonic() + PATIENCE_S
        wanted = None if path is None else str(path)
        with self._more:
            while wanted not in self._told and time.monotonic() < end:
                again()
                self._more.wait(0.1)
            return wanted in self._told

    def forget(self) -> None:
        with self._more:
            self._told.clear()


class RealClock(Clock):
    def monotonic(self) -> float:
        return time.monotonic()


@pytest.fixture
def watchers() -> Iterator[list[Watcher]]:
    started: list[Watcher] = []
    yield started
    for watcher in started:
        watcher.stop()


def watch(watchers: list[Watcher], *paths: Path) -> tuple[Watcher, Told]:
    watcher, told = Watcher([str(path) for path in paths]), Told()
    watchers.append(watcher)
    watcher.start(told)
    return watcher, told


def test_a_change_in_a_folder_is_told_with_its_path(tmp_path: Path, watchers: list[Watcher]) -> None:
    watcher, told = watch(watchers, tmp_path)
    log = tmp_path / "log.jsonl"
    assert told.heard(log, lambda: append(log, b"x"))
    assert (watcher.mode, watcher.reason) == ("watching", "")


def test_a_file_is_still_watched_after_it_was_replaced(tmp_path: Path, watchers: list[Watcher]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"x")
    _, told = watch(watchers, log)
    assert told.heard(log, lambda: append(log, b"x"))
    for _ in range(3):
        (tmp_path / "new").write_bytes(b"y")
        (tmp_path / "new").replace(log)
    told.forget()
    assert told.heard(log, lambda: append(log, b"x"))


def test_a_path_that_is_missing_is_polled_for(tmp_path: Path, watchers: list[Watcher]) -> None:
    watcher, told = watch(watchers, tmp_path / "later")
    assert (watcher.mode, watcher.reason) == ("polling", "a path does not exist yet")
    assert told.heard(None)


def test_a_path_that_comes_later_is_watched_from_then_on(tmp_path: Path, watchers: list[Watcher]) -> None:
    folder = tmp_path / "later"
    watcher, told = watch(watchers, folder)
    assert told.heard(None)
    told.forget()
    folder.mkdir()
    assert told.heard(None)
    assert (watcher.mode, watcher.reason) == ("watching", "")
    assert told.heard(folder / "log.jsonl", lambda: append(folder / "log.jsonl", b"x"))


def test_the_limit_of_watches_leads_to_polling(
    tmp_path: Path, watchers: list[Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*paths: str, **options: object) -> Iterator[set[tuple[int, str]]]:
        raise OSError('OS file watch limit reached. about ["x"]')

    monkeypatch.setattr("watchfiles.watch", refused)
    watcher, told = watch(watchers, tmp_path)
    assert told.heard(None)
    assert watcher.mode == "polling"
    assert "limit reached" in watcher.reason


def test_a_network_file_system_leads_to_polling(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        f"40 22 0:40 / {tmp_path}/my\\040share rw shared:1 - nfs4 server:/x rw\n"
        f"41 40 0:41 / {tmp_path}/my\\040share/local rw - tmpfs tmpfs rw\n"
    )
    (tmp_path / "my share" / "local").mkdir(parents=True)
    assert silent_file_system(str(tmp_path), str(mounts)) is None
    assert silent_file_system(str(tmp_path / "my share"), str(mounts)) == "nfs4"
    assert silent_file_system(str(tmp_path / "my share" / "sub"), str(mounts)) == "nfs4"
    assert silent_file_system(str(tmp_path / "my share" / "local"), str(mounts)) is None
    watcher = Watcher([str(tmp_path / "my share")], mounts=str(mounts))
    watcher.start(lambda paths: None)
    assert (watcher.mode, watcher.reason) == ("polling", "nfs4 tells of no changes")


def test_where_nothing_is_known_of_mounts_watching_is_tried(tmp_path: Path) -> None:
    assert silent_file_system(str(tmp_path), str(tmp_path / "missing")) is None


def test_stopping_is_prompt(tmp_path: Path) -> None:
    watcher = Watcher([str(tmp_path)])
    told = Told()
    watcher.start(told)
    assert told.heard(tmp_path / "x", lambda: append(tmp_path / "x", b"x"))
    start = time.monotonic()
    watcher.stop(timeout_s=PATIENCE_S)
    assert time.monotonic() - start < 1.0


def test_a_watcher_does_not_keep_the_process_alive(tmp_path: Path) -> None:
    code = "import sys; from tracetui.core.watching import Watcher; Watcher([sys.argv[1]]).start(lambda paths: None)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], timeout=PATIENCE_S, check=False, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_folders_made_at_full_speed_are_all_seen(
    tmp_path: Path, watchers: list[Watcher], rounds: Callable[[int, int], int]
) -> None:
    count = rounds(150, 1_000)
    view = View(tmp_path, follow=True, clock=RealClock()).read()
    watcher = Watcher([str(tmp_path)])
    watchers.append(watcher)
    watcher.start(view.reader.changed)
    for n in range(count):
        folder = tmp_path / f"run-{n}" / "deep" / "er"
        folder.mkdir(parents=True)
        (folder / "log.jsonl").write_bytes(line(n))
    end = time.monotonic() + 6.0
    while len(view.types) < count and time.monotonic() < end:
        view.poll()
    assert view.types == numbers(0, count)


def test_folders_that_may_not_be_seen_are_passed_over_only_when_there_are_some(
    tmp_path: Path, watchers: list[Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def strict(*paths: str, **options: object) -> Iterator[set[tuple[int, str]]]:
        asked.append(options["ignore_permission_denied"])
        if not options["ignore_permission_denied"]:
            raise PermissionError('Permission denied (os error 13) about ["x"]')
        yield {(1, str(tmp_path / "log.jsonl"))}

    monkeypatch.setattr("watchfiles.watch", strict)
    _, told = watch(watchers, tmp_path)
    assert told.heard(tmp_path / "log.jsonl")
    assert asked == [False, True]
