"""One call records a program, as its environment wants it, and changes nothing else of what the program does."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tracetui import ConsoleSink, JsonlSink, LoggingHandler, MemorySink, SqliteSink, Tracer
from tracetui.core.recording import settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables but those that a test sets, and every warning is told anew."""
    for name in ("TRACETUI_OFF", "TRACETUI_DIR", "TRACETUI_LEVEL", "TRACETUI_SINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "_told", set())


class Program:
    """A program of its own: what it prints, and what it leaves in the folder of recordings."""

    def __init__(self, code: str, tmp_path: Path, **variables: str) -> None:
        self.folder = tmp_path / "recordings"
        script = tmp_path / "nightly.py"
        script.write_text(code)
        names = {"TRACETUI_DIR": str(self.folder), **variables}
        done = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, **names},
            cwd=tmp_path,
        )
        self.out, self.err, self.status = done.stdout, done.stderr, done.returncode

    @property
    def files(self) -> list[list[dict[str, object]]]:
        """Records of each file, the files in order of their first time."""
        found = [[json.loads(line) for line in path.read_bytes().splitlines()] for path in self.folder.glob("*.jsonl")]
        return sorted(found, key=lambda records: records[0]["time"])

    @property
    def records(self) -> list[dict[str, object]]:
        (records,) = self.files
        return records


# What the environment says to any tracer


def test_a_tracer_is_on_by_default() -> None:
    assert Tracer(sinks=[]).enabled


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_a_tracer_is_off_where_the_environment_says_so(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("TRACETUI_OFF", word)
    assert not Tracer().enabled


@pytest.mark.parametrize("word", ["", "0", "false", "No", "off"])
def test_words_for_no_leave_a_tracer_on(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("TRACETUI_OFF", word)
    assert Tracer(sinks=[]).enabled


def test_an_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRACETUI_OFF", "1")
    monkeypatch.setenv("TRACETUI_LEVEL", "minimal")
    monkeypatch.setenv("TRACETUI_SINKS", "sqlite")
    sink = MemorySink()
    tracer = Tracer(enabled=True, verbosity="debug", sinks=[sink], link_children=False)
    with tracer.run():
        tracer.log("kept", level="debug")
    assert [record.type for record in sink.records] == ["header", "event", "run_end"]
    assert not list(tmp_path.iterdir())


def test_the_environment_says_how_much_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACETUI_LEVEL", " Minimal ")
    sink = MemorySink()
    tracer = Tracer(sinks=[sink], link_children=False)
    with tracer.run():
        tracer.log("left out", level="info")
    assert [record.type for record in sink.records] == ["header", "run_end"]


def test_the_environment_says_where_records_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRACETUI_DIR", str(tmp_path / "there"))
    monkeypatch.setenv("TRACETUI_SINKS", "jsonl, console,sqlite ,SQLite:own.db,memory")
    kinds = [type(sink) for sink in settings.sinks(None, buffered=False)]
    assert kinds == [JsonlSink, ConsoleSink, SqliteSink, SqliteSink, MemorySink]
    _, _, inside, own, _ = settings.sinks(None, buffered=False)
    assert isinstance(inside, SqliteSink)
    assert isinstance(own, SqliteSink)
    assert (inside.path, own.path) == (tmp_path / "there" / "recordings.db", tmp_path / "own.db")


def test_a_folder_given_to_the_tracer_wins_over_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRACETUI_DIR", str(tmp_path / "there"))
    tracer = Tracer(folder=tmp_path / "here", link_children=False)
    with tracer.run():
        pass
    assert len(list((tmp_path / "here").iterdir())) == 1
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TRACETUI_OFF", "perhaps"),
        ("TRACETUI_LEVEL", "loud"),
        ("TRACETUI_SINKS", "jsonl,kafka"),
        ("TRACETUI_SINKS", "console:x"),
        ("TRACETUI_DIR", sys.executable),
    ],
)
def test_a_wrong_value_is_told_once_and_the_default_holds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    for _ in range(2):
        tracer = Tracer(link_children=False)
        with tracer.run(), tracer.step("scan"):
            pass
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("tracetui", "WARNING")
    assert variable in record.getMessage()
    assert value in record.getMessage()
    assert len(list((tmp_path / "traces").iterdir())) == 2
    assert tracer.stats.faults == 0


def test_what_memory_keeps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACETUI_SINKS", "memory")
    (sink,) = settings.sinks(None, buffered=False)
    assert isinstance(sink, MemorySink)
    assert sink.records.maxlen == settings.MEMORY_RECORDS


# One tracer for the process


def test_every_call_gives_the_same_tracer(tmp_path: Path) -> None:
    program = Program(
        """
import tracetui
first = tracetui.install()
assert tracetui.install("other") is first
with first.run(), first.step("scan"):
    pass
assert first.stats.faults == 0, first.stats.first_fault
""",
        tmp_path,
    )
    assert program.err == ""
    assert program.records[0]["name"] == "nightly"


def test_threads_that_install_at_once_get_the_same_tracer(tmp_path: Path) -> None:
    program = Program(
        """
import logging, threading, tracetui
found = []
barrier = threading.Barrier(8)
def work():
    barrier.wait()
    found.append(tracetui.install())
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(found) == 8 and len(set(map(id, found))) == 1
assert len(logging.root.handlers) == 1
""",
        tmp_path,
    )
    assert program.err == ""


def test_what_is_logged_is_recorded_and_printed_as_before(tmp_path: Path) -> None:
    code = """
import logging, sys
if "{installed}":
    import tracetui
    tracetui.install()
log = logging.getLogger("app")
log.info("quiet")
log.warning("beware")
"""
    plain = Program(code.replace("{installed}", ""), tmp_path)
    recorded = Program(code, tmp_path)
    assert plain.err == recorded.err == "beware\n"
    assert [record.get("text") for record in recorded.records] == [None, "beware", None]


def test_a_level_lets_the_root_logger_pass_more_on(tmp_path: Path) -> None:
    program = Program(
        """
import logging, tracetui
tracetui.install(level="info")
logging.debug("no")
logging.info("yes")
""",
        tmp_path,
    )
    assert program.err == ""
    assert [record.get("text") for record in program.records] == [None, "yes", None]


def test_a_level_above_keeps_warnings_on_the_screen_but_not_in_the_recording(tmp_path: Path) -> None:
    program = Program(
        """
import logging, tracetui
tracetui.install(level=logging.ERROR)
logging.getLogger("app").warning("seen")
logging.getLogger("app").error("both")
""",
        tmp_path,
    )
    assert program.err == "seen\nboth\n"
    assert [record.get("text") for record in program.records] == [None, "both", None]


def test_a_level_that_logging_does_not_know_is_told_and_left_alone(tmp_path: Path) -> None:
    program = Program("import tracetui; tracetui.install(level='loud')", tmp_path)
    assert program.status == 0
    assert "install(level='loud')" in program.err


def test_basic_config_works_after_install(tmp_path: Path) -> None:
    program = Program(
        """
import logging, tracetui
tracetui.install()
logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
logging.info("once")
logging.basicConfig(level="INFO", format="again %(message)s", force=True)
logging.info("twice")
""",
        tmp_path,
    )
    assert program.err == "INFO once\nagain twice\n"
    assert [record.get("text") for record in program.records] == [None, "once", "twice", None]


def test_a_handler_that_a_configuration_took_off_is_put_back_by_the_next_call(tmp_path: Path) -> None:
    program = Program(
        """
import logging.config, tracetui
tracetui.install()
logging.config.dictConfig({"version": 1, "root": {"level": "INFO", "handlers": []}})
tracetui.install()
tracetui.install()
logging.info("kept")
""",
        tmp_path,
    )
    assert [record.get("text") for record in program.records] == [None, "kept", None]


def test_logging_is_left_alone_where_that_is_asked_for(tmp_path: Path) -> None:
    program = Program(
        """
import logging, tracetui
tracetui.install(logging=False)
assert not logging.root.handlers
""",
        tmp_path,
    )
    assert program.err == ""


def test_nothing_is_recorded_nor_attached_where_it_is_off(tmp_path: Path) -> None:
    program = Program(
        """
import logging, tracetui
tracer = tracetui.install()
assert not tracer.enabled and not logging.root.handlers
with tracer.run(), tracer.step("scan"):
    logging.warning("printed")
""",
        tmp_path,
        TRACETUI_OFF="1",
    )
    assert program.err == "WARNING:root:printed\n"
    assert not program.folder.exists()


def test_installing_imports_nothing_of_opentelemetry(tmp_path: Path) -> None:
    program = Program(
        """
import sys, tracetui
tracetui.install()
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
assert "tracetui.core.recording.bridges.opentelemetry" not in sys.modules
""",
        tmp_path,
    )
    assert program.err == ""


# Child processes


CHILD = "import logging, tracetui; tracetui.install(); logging.warning('in the child')"


def test_a_child_that_was_executed_begins_a_run_linked_to_the_span(tmp_path: Path) -> None:
    program = Program(
        f"""
import subprocess, sys, tracetui
tracer = tracetui.install()
with tracer.run(), tracer.step("start a child"):
    subprocess.run([sys.executable, "-c", {CHILD!r}], check=True)
assert tracer.stats.faults == 0, tracer.stats.first_fault
""",
        tmp_path,
    )
    parent, child = program.files
    span = next(record for record in parent if record["type"] == "span_start")
    assert (child[0]["parent_run"], child[0]["parent_span"]) == (parent[0]["run"], span["span"])
    assert child[0]["run"] != parent[0]["run"]


def test_a_child_that_was_forked_goes_on_with_the_run_in_a_file_of_its_own(tmp_path: Path) -> None:
    program = Program(
        """
import logging, os, tracetui
tracer = tracetui.install()
with tracer.run(), tracer.step("fork"):
    child = os.fork()
    if not child:
        assert tracetui.install() is tracer
        logging.warning("in the child")
        assert tracer.stats.faults == 0, tracer.stats.first_fault
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
""",
        tmp_path,
    )
    parent, child = program.files
    span = next(record for record in parent if record["type"] == "span_start")
    assert (child[0]["run"], child[0]["child"]) == (parent[0]["run"], True)
    assert (child[1]["text"], child[1]["span"]) == ("in the child", span["span"])


def test_a_child_that_was_spawned_begins_a_run_of_its_own(tmp_path: Path) -> None:
    program = Program(
        """
import logging, multiprocessing, tracetui
def work():
    tracer = tracetui.install()
    with tracer.run("worker"):
        logging.warning("in the child")
if __name__ == "__main__":
    tracer = tracetui.install()
    with tracer.run(), tracer.step("spawn"):
        process = multiprocessing.get_context("spawn").Process(target=work)
        process.start()
        process.join()
        assert process.exitcode == 0
""",
        tmp_path,
    )
    parent, child = program.files
    assert (child[0]["name"], child[0]["parent_run"]) == ("worker", parent[0]["run"])


def test_a_child_that_is_switched_off_records_nothing(tmp_path: Path) -> None:
    program = Program(
        f"""
import os, subprocess, sys, tracetui
tracer = tracetui.install()
with tracer.run(), tracer.step("start a child"):
    subprocess.run([sys.executable, "-c", {CHILD!r}], check=True, env={{**os.environ, "TRACETUI_OFF": "1"}})
""",
        tmp_path,
    )
    assert len(program.files) == 1


def test_a_handler_without_a_tracer_uses_that_of_the_process(tmp_path: Path) -> None:
    program = Program(
        """
import logging, tracetui
handler = tracetui.LoggingHandler()
logging.getLogger("app").addHandler(handler)
logging.getLogger("app").warning("kept")
assert handler.tracer is tracetui.install(logging=False)
""",
        tmp_path,
    )
    assert program.records[1]["text"] == "kept"


def test_a_handler_at_the_root_is_one_that_others_can_be() -> None:
    assert issubclass(LoggingHandler, logging.Handler)
