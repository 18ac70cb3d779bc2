"""Screen and reader beside real writers: what comes is shown by itself, following lets go and takes back, nothing is lost."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.following import PATIENCE_S, Following, LiveRun, LiveTerminal, read_cold, recorded
from tracetui.core.model import Status
from tracetui.resources import samples_dir

Figure = Callable[[str, object], None]
Rounds = Callable[[int, int], int]
SAMPLE = samples_dir() / "tracetui" / "support_bot.jsonl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "traces"
    path.mkdir()
    return path


def opened(folder: Path, **env: str) -> LiveTerminal:
    return LiveTerminal([folder], folder.parent, **env)


def is_watching(text: str) -> bool:
    return "watching: new files appear" in text


def replaying(speed: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tracetui", "replay", str(SAMPLE), "--into", str(folder), "--speed", speed]
    )


def test_a_replayed_run_appears_by_itself_and_grows_to_what_a_cold_read_finds(folder: Path) -> None:
    with Following(folder) as view:
        replay = replaying("20", folder)
        counts: list[int] = []
        view.until(lambda view: bool(view.runs))
        run = view.runs[0]
        while replay.poll() is None:
            view.look()
            counts += [run.span_count] if counts[-1:] != [run.span_count] else []
        lines = len(SAMPLE.read_bytes().splitlines())
        view.until(lambda view: run.record_count == lines)
        assert counts == sorted(counts)
        assert len(counts) > 3
        now = time.time_ns()
        assert view.stats(now) == read_cold(folder, now_ns=now)


def test_a_replayed_run_appears_on_the_screen_is_followed_and_ends(folder: Path) -> None:
    with opened(folder) as screen:
        screen.until(is_watching)
        replay = replaying("20", folder)
        screen.until(lambda text: "support_bot" in text and "FOLLOWING" in text)
        assert replay.wait(PATIENCE_S) == 0
        screen.until(lambda text: "FOLLOWING" not in text and " live" not in text and "support_bot" in text)


def test_following_lets_go_with_a_movement_and_takes_back_with_a_key(folder: Path) -> None:
    with opened(folder) as screen, LiveRun(folder) as writer:
        screen.until(lambda text: "FOLLOWING" in text and "crawl" in text)
        screen.press("k")
        screen.until(lambda text: "FOLLOWING" not in text)
        for name in ("one", "two", "three"):
            writer.tell("open", name)
        screen.until(lambda text: "+3 new" in text)
        writer.tell("open", "four")
        screen.until(lambda text: "+4 new" in text)
        screen.press("F")
        screen.until(lambda text: "FOLLOWING" in text and "new" not in text.splitlines()[0] and "four" in text)
        writer.tell("open", "five")
        screen.until(lambda text: "five" in text and "FOLLOWING" in text)


def test_runs_appear_while_another_one_is_looked_at_which_stays_open(folder: Path) -> None:
    (folder / "first.jsonl").write_bytes(recorded("first", 2))
    with opened(folder) as screen:
        screen.until(lambda text: "1 run" in text and "step 2" in text)
        screen.press("j")
        (folder / "second.jsonl").write_bytes(recorded("second", 1))
        screen.until(lambda text: "2 runs" in text and "second" in text)
        assert "step 2" in screen.text


def test_folders_made_at_full_speed_are_all_shown_within_six_seconds(
    folder: Path, rounds: Rounds, record_property: Figure
) -> None:
    count = rounds(150, 1_000)
    with opened(folder) as screen:
        screen.until(is_watching)
        begun = time.monotonic()
        for number in range(count):
            nested = folder / f"run-{number}" / "a" / "b"
            nested.mkdir(parents=True)
            (nested / "trace.jsonl").write_bytes(recorded(f"nested-{number}"))
        made = time.monotonic()
        screen.until(lambda text: re.search(rf"\b{count:,} runs", text) is not None)
        took = time.monotonic() - made
        record_property("seconds", took)
        print(f"{count} nested folders made in {made - begun:.2f} s, all shown {took:.2f} s later")  # noqa: T201
        assert took < 6


LIMIT = 'def watch(*paths, **options):\n    raise OSError("OS file watch limit reached. about [x]")\n    yield\n'


def test_at_the_limit_of_watches_polling_is_shown_and_nothing_is_lost(folder: Path, tmp_path: Path) -> None:
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "watchfiles.py").write_text(LIMIT)
    (folder / "first.jsonl").write_bytes(recorded("first", 2))
    with opened(folder, PYTHONPATH=os.pathsep.join([str(fake), os.environ.get("PYTHONPATH", "")])) as screen:
        screen.until(lambda text: "polling: OS file watch limit reached" in text)
        for number in range(20):
            nested = folder / f"run-{number}"
            nested.mkdir()
            (nested / "trace.jsonl").write_bytes(recorded(f"nested-{number}"))
        with LiveRun(folder) as writer:
            screen.until(lambda text: "22 runs" in text and "1 live" in text)
            writer.end()
            screen.until(lambda text: "22 runs" in text and " live " not in text)
        assert "polling" in screen.text.splitlines()[0]


FEW_WATCHES = """
import sys, time
from tracetui.core.watching import Watcher
watcher = Watcher(sys.argv[1:])
watcher.start(lambda paths: None)
while watcher.mode == "watching":
    time.sleep(0.01)
print(watcher.reason)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_the_real_limit_of_watches_is_noticed(folder: Path) -> None:
    for number in range(30):
        (folder / str(number)).mkdir()
    limited = 'echo 5 > /proc/sys/user/max_inotify_watches && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a user namespace")
    watching = [*command, sys.executable, "-c", FEW_WATCHES, str(folder)]
    answer = subprocess.run(watching, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert "limit reached" in answer.stdout


# ---------------------------------------------------------------- what becomes of files


def restart(path: Path) -> None:
    path.write_bytes(recorded("after", 1))


def rotate(path: Path) -> None:
    path.rename(path.with_name("first.jsonl.1"))
    path.write_bytes(recorded("after", 1))


def replace(path: Path) -> None:
    new = path.with_name("new")
    new.write_bytes(recorded("after", 1))
    new.replace(path)


CHANGES = [
    (restart, "truncated or rewritten: read again from the start", {"after"}),
    (rotate, "", {"first", "after"}),
    (replace, "replaced; what was read stays", {"first", "after"}),
    (Path.unlink, "deleted or moved away; what was read stays", {"first"}),
]


@pytest.mark.parametrize(("change", "said", "runs"), CHANGES, ids=["truncated", "rotated", "replaced", "deleted"])
def test_what_becomes_of_a_file_is_said_by_the_screen(
    folder: Path, change: Callable[[Path], None], said: str, runs: set[str]
) -> None:
    path = folder / "first.jsonl"
    path.write_bytes(recorded("first", 3))
    with opened(folder) as screen:
        screen.until(lambda text: "1 run" in text and "step 3" in text)
        screen.settle()
        change(path)
        screen.until(lambda text: said in text.splitlines()[0])
        words = f"{len(runs)} run{'s' if len(runs) > 1 else ''}"
        screen.until(lambda text: re.search(rf"\b{words}\b", text) is not None and all(name in text for name in runs))


@pytest.mark.parametrize(("change", "said", "runs"), CHANGES, ids=["truncated", "rotated", "replaced", "deleted"])
def test_what_becomes_of_a_file_is_said_by_tail(
    folder: Path, change: Callable[[Path], None], said: str, runs: set[str]
) -> None:
    path = folder / "first.jsonl"
    path.write_bytes(recorded("first", 3))
    with Tail(folder) as tail:
        tail.until_out("run_end")
        change(path)
        tail.until_err(f"'first.jsonl': {said}" if said else "")
        if "after" in runs:
            tail.until_out("after")


def test_half_a_line_is_held_back_and_told_once_it_is_whole(folder: Path) -> None:
    whole = recorded("first", 3)
    cut = whole.index(b"\n", whole.index(b"step 2")) - 20
    path = folder / "first.jsonl"
    path.write_bytes(whole[: whole.index(b"\n") + 1])
    with Tail(folder) as tail, opened(folder) as screen, Following(folder) as view:
        tail.until_out("header")
        screen.until(lambda text: "1 run" in text)
        with path.open("ab", buffering=0) as file:
            file.write(whole[whole.index(b"\n") + 1 : cut])
            tail.until_out("step 1")
            screen.until(lambda text: "step 1" in text)
            view.until(lambda view: bool(view.runs) and view.runs[0].record_count == 2)
            assert "step 2" not in screen.text
            assert "step 2" not in tail.out
            assert "unreadable" not in screen.text
            file.write(whole[cut:])
        tail.until_out("run_end")
        screen.until(lambda text: "step 3" in text)
        view.until(lambda view: view.runs[0].record_count == 5)
        assert tail.out.count("step 2") == 1
        assert view.store.unreadable() == []
        assert tail.err == ""


def test_half_a_line_that_nobody_ends_is_unreadable_for_list(folder: Path) -> None:
    path = folder / "first.jsonl"
    path.write_bytes(recorded("first", 3)[:-20])
    answer = subprocess.run(
        [sys.executable, "-m", "tracetui", "list", str(folder)], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert "1 record could not be read" in answer.stderr


class Tail:
    """`tracetui tail -f` in a process of its own. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._outputs = [(folder.parent / name).open("wb+") for name in ("tail.out", "tail.err")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tracetui", "tail", "-f", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=self._outputs[0],
            stderr=self._outputs[1],
        )

    def __enter__(self) -> "Tail":
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)
        for output in self._outputs:
            output.close()

    @property
    def out(self) -> str:
        return Path(self._outputs[0].name).read_text()

    @property
    def err(self) -> str:
        return Path(self._outputs[1].name).read_text()

    def until_out(self, words: str) -> None:
        self._until(lambda: words in self.out)

    def until_err(self, words: str) -> None:
        self._until(lambda: words in self.err)

    def _until(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < end, f"never came; there is:\n{self.out}\n{self.err}"
            assert self._process.poll() is None, f"ended with {self._process.returncode}:\n{self.err}"
            time.sleep(0.02)


def test_a_document_that_was_replaced_while_followed_is_not_told_as_deleted(folder: Path, tmp_path: Path) -> None:
    sample = samples_dir() / "ragflow" / "agent_trace_session_task-qa.json"
    place = folder / sample.name
    shutil.copyfile(sample, place)
    with Following(folder, watch=False) as view:
        view.until(lambda view: [run.complete for run in view.runs] == [True])
        for said in ("running", "completed"):
            part = tmp_path / "part"
            part.write_text(sample.read_text("utf-8").replace('"status": "completed"', f'"status": "{said}"'))
            place.unlink()
            view.until(lambda view: view.runs[0].gone)
            part.replace(place)
            view.until(lambda view: view.runs != [] and not view.runs[0].gone)
        assert view.runs[0].recorded_status is Status.ok


def set_aside(view: Following, run: str) -> list[str]:
    """What was set aside beside a run, as it is told of it."""
    facts = next(facts for facts in view.stats(time.time_ns()) if facts["id"] == run)
    return [note for note in facts["notes"] if note.startswith(("copies", "side files"))]


def test_a_report_that_is_written_anew_for_a_later_run_is_told_of_that_run_alone(folder: Path) -> None:
    shutil.copytree(samples_dir() / "hillstar" / "1.2.1" / "rerun", folder / "rerun")
    earlier, later = ("step_09_nightly_20261120_212931", "step_09_nightly_20261120_212933")
    report = folder / "rerun" / "audit" / "step_09" / "metadata_09.json"
    text = report.read_text("utf-8")
    with Following(folder, watch=False) as view:
        view.until(lambda view: len(view.runs) == 3 and all(run.complete for run in view.runs))
        before = set_aside(view, earlier), set_aside(view, later)
        assert before == (["side files set aside: 2"], ["copies set aside: 1", "side files set aside: 3"])
        report.write_text(text.replace("2026-11-20T21:29:33.937973", "2026-11-20T21:29:31.719000"))
        view.until(lambda view: set_aside(view, earlier) == ["side files set aside: 3"])
        assert set_aside(view, later) == ["copies set aside: 1", "side files set aside: 2"]


def test_a_copy_that_is_gone_is_no_longer_told_as_set_aside(folder: Path) -> None:
    shutil.copytree(samples_dir() / "hillstar" / "1.2.1" / "rerun", folder / "rerun")
    later = "step_09_nightly_20261120_212933"
    with Following(folder, watch=False) as view:
        view.until(lambda view: len(view.runs) == 3 and all(run.complete for run in view.runs))
        (folder / "rerun" / "audit" / "step_09" / "trace_09.jsonl").unlink()
        view.until(lambda view: set_aside(view, later) == ["side files set aside: 3"])
