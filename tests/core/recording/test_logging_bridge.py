"""What a program logs is recorded where it was logged, and a handler never hurts it."""

import contextlib
import logging
import logging.handlers
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from tracetui import LoggingHandler, MemorySink, Tracer
from tracetui.core.recording.records import Record

TRACE = 5
SUCCESS = 25
FATAL = 60


class Logged:
    """A logger of its own whose records go to a tracer over a memory sink."""

    def __init__(self, **options: object) -> None:
        self.sink = MemorySink()
        self.tracer = Tracer("agent", sinks=[self.sink], link_children=False, **options)  # type: ignore[arg-type]
        self.handler = LoggingHandler(self.tracer)
        self.logger = logging.Logger("app.search")  # it is nobody else's
        self.logger.addHandler(self.handler)

    def logs(self) -> list[dict[str, object]]:
        assert self.tracer.stats.faults == 0, self.tracer.stats.first_fault
        return [record for record in self.sink.values if record.get("class") == "log"]

    def only(self) -> dict[str, object]:
        (log,) = self.logs()
        return log

    def attributes(self) -> dict[str, object]:
        found = self.only()["attributes"]
        assert isinstance(found, dict)
        return found


@pytest.fixture
def logged() -> Iterator[Logged]:
    made = Logged(verbosity="standard", level="debug")
    yield made
    made.tracer.close()


# Where and what


def test_a_log_belongs_to_the_span_in_which_it_was_made(logged: Logged) -> None:
    with logged.tracer.run(), logged.tracer.step("scan") as span:
        logged.logger.warning("found %d of %s", 3, "seven")
    log = logged.only()
    assert (log["span"], log["level"], log["text"]) == (span.id, "warning", "found 3 of seven")
    assert logged.attributes() == {"logger": "app.search"}


def test_a_log_outside_of_spans_belongs_to_the_run(logged: Logged) -> None:
    with logged.tracer.run():
        logged.logger.info("begun")
    assert "span" not in logged.only()


def test_a_log_of_another_thread_belongs_to_the_run_that_goes_on(logged: Logged) -> None:
    with logged.tracer.run() as run:
        thread = threading.Thread(target=logged.logger.info, args=("from afar",))
        thread.start()
        thread.join()
    assert [record.run.id for record in logged.sink.records] == [run.run_id] * 3


def test_a_log_outside_of_runs_begins_one(logged: Logged) -> None:
    logged.logger.info("alone")
    assert logged.only()["text"] == "alone"


def test_a_handler_for_runs_only_leaves_out_what_is_logged_outside(logged: Logged) -> None:
    logged.logger.handlers = [LoggingHandler(logged.tracer, only_in_runs=True)]
    logged.logger.info("before")
    with logged.tracer.run():
        logged.logger.info("within")
    logged.logger.info("after")
    assert logged.only()["text"] == "within"


def test_a_log_has_the_time_at_which_it_was_made(logged: Logged) -> None:
    record = logging.makeLogRecord({"name": "app", "levelno": 20, "created": 1_767_225_600.25, "msg": "late"})
    logged.handler.handle(record)
    assert logged.only()["time"] == 1_767_225_600_250_000_000


def test_extra_fields_become_attributes(logged: Logged) -> None:
    logged.logger.info("x", extra={"user": "ada", "tries": 3, "logger": "theirs"})
    assert logged.attributes() == {"logger": "app.search", "user": "ada", "tries": 3, "extra.logger": "theirs"}


def test_extra_fields_pass_the_redaction(logged: Logged) -> None:
    logged.logger.info("key is sk-ant-api03-%s", "a" * 40, extra={"api_key": "hunter2hunter2"})
    assert b"aaaaaaaa" not in logged.sink.records[-1].line
    assert logged.attributes()["api_key"] == "[redacted]"


def test_the_place_in_the_code_is_recorded_in_detail() -> None:
    logged = Logged(verbosity="detailed")
    logged.logger.info("here")
    assert logged.attributes()["code.file.path"] == __file__
    assert logged.attributes()["code.function.name"] == "test_the_place_in_the_code_is_recorded_in_detail"
    logged.tracer.close()


def test_an_exception_comes_with_the_tracebacks_of_its_whole_chain(logged: Logged) -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError as cause:
            raise RuntimeError("outer") from cause
    except RuntimeError:
        logged.logger.exception("it failed")
    found = logged.attributes()["exception"]
    assert isinstance(found, dict)
    assert (found["type"], found["message"]) == ("RuntimeError", "outer")
    assert "KeyError: 'inner'" in found["traceback"]
    assert "direct cause" in found["traceback"]


def test_exc_info_without_an_exception_says_nothing(logged: Logged) -> None:
    logged.logger.info("fine", exc_info=True)
    assert "exception" not in logged.attributes()


def test_an_exception_of_which_only_the_text_arrives_is_kept(logged: Logged) -> None:
    record = logging.makeLogRecord({"name": "app", "levelno": 40, "msg": "x", "exc_text": "Traceback …\nOSError: gone"})
    logged.handler.handle(record)
    assert logged.attributes()["exception"] == {"message": "OSError: gone", "traceback": "Traceback …\nOSError: gone"}


def test_the_stack_is_kept_where_it_was_asked_for(logged: Logged) -> None:
    logged.logger.info("x", stack_info=True)
    assert "test_logging_bridge" in str(logged.attributes()["stack"])


# Levels


@pytest.mark.parametrize(
    ("number", "word"),
    [
        *((-7, "debug"), (0, "debug"), (TRACE, "debug"), (14, "debug"), (15, "debug"), (16, "info")),
        *(
            (SUCCESS, "info"),
            (29, "warning"),
            (40, "error"),
            (50, "critical"),
            (FATAL, "critical"),
            (10**30, "critical"),
        ),
    ],
)
def test_a_level_becomes_the_nearest_one(logged: Logged, number: int, word: str) -> None:
    logged.handler.handle(logging.makeLogRecord({"name": "app", "levelno": number, "msg": "x"}))
    assert logged.only()["level"] == word


def test_a_handler_passes_on_only_its_level_and_above(logged: Logged) -> None:
    logged.handler.setLevel(logging.ERROR)
    logged.logger.warning("no")
    logged.logger.error("yes")
    assert logged.only()["text"] == "yes"


def test_logs_below_the_level_of_the_tracer_are_left_out() -> None:
    logged = Logged(verbosity="minimal")
    logged.logger.info("no")
    logged.logger.warning("yes")
    assert logged.only()["text"] == "yes"
    logged.tracer.close()


def test_filters_of_the_handler_are_asked(logged: Logged) -> None:
    logged.handler.addFilter(lambda record: record.msg != "no")
    logged.logger.info("no")
    logged.logger.info("yes")
    assert logged.only()["text"] == "yes"


# Never in the way


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", True)


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("do not look")

    __repr__ = __str__


@pytest.mark.usefixtures("raising")
def test_a_message_whose_arguments_do_not_fit_is_kept_as_given(
    logged: Logged, capsys: pytest.CaptureFixture[str]
) -> None:
    logged.logger.info("%d of %d", "three")
    assert logged.only()["text"] == "%d of %d"
    assert logged.attributes()["args"] == ["three"]
    assert str(logged.attributes()["format_error"]).startswith("TypeError: ")
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("raising")
def test_values_that_cannot_be_looked_at_cost_themselves_only(logged: Logged) -> None:
    logged.logger.info("value %s", Hostile(), extra={"thing": Hostile()})
    logged.logger.info(Hostile())
    first, second = logged.logs()
    assert first["text"] == "value %s"
    assert "not recordable" in str(second["text"])


@pytest.mark.usefixtures("raising")
def test_a_filter_that_raises_does_not_reach_the_program(logged: Logged) -> None:
    def bad(_: logging.LogRecord) -> bool:
        raise RuntimeError("filter")

    logged.handler.addFilter(bad)
    logged.logger.info("x")
    assert logged.tracer.stats.faults == 1


@pytest.mark.usefixtures("raising")
def test_a_record_with_fields_of_wrong_types_does_not_reach_the_program(logged: Logged) -> None:
    record = logging.makeLogRecord({"name": "app", "levelno": "high", "created": "now", "args": 5, "exc_info": "no"})
    logged.handler.handle(record)
    assert logged.tracer.stats.faults == 1


def test_a_tracer_that_is_off_takes_logs_and_does_nothing() -> None:
    handler = LoggingHandler(Tracer(enabled=False))
    assert handler.handle(logging.makeLogRecord({"name": "app", "levelno": 50, "msg": "x"}))


def test_our_own_records_are_left_out(logged: Logged) -> None:
    for name in ("tracetui", "tracetui.core.reading"):
        logged.handler.handle(logging.makeLogRecord({"name": name, "levelno": 50, "msg": "x"}))
    logged.handler.handle(logging.makeLogRecord({"name": "tracetuition", "levelno": 50, "msg": "kept"}))
    assert logged.only()["text"] == "kept"


class LoggingSink(MemorySink):
    """A sink of the host that logs what it does."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: Record) -> None:
        self._logger.error("sending %s", record.type)
        super().emit(record)


def test_what_a_sink_logs_is_left_out() -> None:
    logger = logging.Logger("sender")
    sink = LoggingSink(logger)
    tracer = Tracer(sinks=[sink], link_children=False)
    logger.addHandler(LoggingHandler(tracer))
    with tracer.run(), tracer.step("scan"):
        logger.info("mine")
    assert [record.type for record in sink.records] == ["header", "span_start", "event", "span_end", "run_end"]
    assert tracer.stats.faults == 0


def test_what_a_value_logs_while_it_is_recorded_is_left_out(logged: Logged) -> None:
    class Chatty:
        def __str__(self) -> str:
            logged.logger.info("looking at %s", self)
            return "chatty"

    logged.logger.info("x", extra={"value": Chatty()})
    assert logged.only()["text"] == "x"


def test_a_signal_handler_that_interrupts_a_sink_is_recorded(logged: Logged) -> None:
    def on_signal(*_: object) -> None:
        logged.logger.warning("signalled")

    class Interrupted(MemorySink):
        def emit(self, record: Record) -> None:
            super().emit(record)
            if record.type == "span_start":
                logged.logger.error("of the sink itself")
                signal.raise_signal(signal.SIGUSR1)

    sink = Interrupted()
    tracer = Tracer(sinks=[sink], link_children=False)
    logged.logger.handlers = [LoggingHandler(tracer)]
    before = signal.signal(signal.SIGUSR1, on_signal)
    try:
        with tracer.run(), tracer.step("scan"):
            pass
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert [record.get("text", record["type"]) for record in sink.values] == [
        "header",
        "span_start",
        "signalled",
        "span_end",
        "run_end",
    ]
    assert tracer.stats.faults == 0


def test_threads_that_log_and_sinks_that_wait_for_loggers_do_not_stop_each_other() -> None:
    logger = logging.Logger("both")
    other = logging.StreamHandler(open(os.devnull, "w"))  # noqa: PTH123, SIM115
    logger.addHandler(other)
    sink = LoggingSink(logger)
    tracer = Tracer(sinks=[sink], link_children=False)
    logger.addHandler(LoggingHandler(tracer))

    def work() -> None:
        for number in range(200):
            with tracer.step("step"):
                logger.info("number %d", number)

    with tracer.run():
        threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
    other.stream.close()
    kinds = [record.type for record in sink.records]
    assert (kinds.count("event"), kinds.count("span_end")) == (1_600, 1_600)
    assert sorted(record.seq for record in sink.records) == list(range(len(kinds)))
    assert tracer.stats.faults == 0


def test_a_record_that_comes_through_a_queue_keeps_its_exception_text(logged: Logged) -> None:
    queue: SimpleQueue[object] = SimpleQueue()
    sender = logging.Logger("sender")
    sender.addHandler(logging.handlers.QueueHandler(queue))  # type: ignore[arg-type]
    try:
        raise OSError("gone")
    except OSError:
        sender.exception("lost")
    record = queue.get()
    assert isinstance(record, logging.LogRecord)
    logged.handler.handle(pickle.loads(pickle.dumps(record)))  # noqa: S301  # made a line above
    assert "OSError: gone" in str(logged.only()["text"])


def test_a_forked_child_logs_into_a_file_of_its_own_while_another_thread_is_logging(tmp_path: os.PathLike[str]) -> None:
    code = """
import logging, os, sys, threading
import tracetui
tracer = tracetui.Tracer("fork", folder=sys.argv[1])
logging.getLogger().setLevel("INFO")
logging.getLogger().addHandler(tracetui.LoggingHandler(tracer))
stop = threading.Event()
def chatter():
    while not stop.is_set():
        logging.info("chatter")
with tracer.run():
    threads = [threading.Thread(target=chatter) for _ in range(3)]
    [thread.start() for thread in threads]
    for number in range(20):
        child = os.fork()
        if not child:
            logging.info("child %d", number)
            assert tracer.stats.faults == 0, tracer.stats.first_fault
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    [thread.join() for thread in threads]
assert tracer.stats.faults == 0, tracer.stats.first_fault
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(tmp_path)], check=True, timeout=30)
    files = [name for name in os.listdir(tmp_path) if name.endswith(".jsonl")]
    assert len(files) == 21


def test_what_is_logged_after_the_last_run_was_ended_at_exit_is_left_out(tmp_path: os.PathLike[str]) -> None:
    code = """
import atexit, logging, sys
atexit.register(lambda: logging.error("too late"))
import tracetui
tracer = tracetui.Tracer(folder=sys.argv[1])
logging.getLogger().addHandler(tracetui.LoggingHandler(tracer))
logging.error("in time")
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    (name,) = os.listdir(tmp_path)
    with contextlib.closing(open(os.path.join(tmp_path, name))) as file:  # noqa: PTH118, PTH123
        text = file.read()
    assert "in time" in text
    assert "too late" not in text
    assert '"run_end"' in text


def test_a_configuration_names_the_handler_by_its_public_name(logged: Logged) -> None:
    import logging.config

    configuration = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"record": {"class": "tracetui.LoggingHandler", "tracer": logged.tracer, "level": "INFO"}},
        "loggers": {"configured": {"handlers": ["record"], "level": "DEBUG", "propagate": False}},
    }
    logging.config.dictConfig(configuration)
    logging.getLogger("configured").info("hello")
    logging.getLogger("configured").handlers.clear()
    assert logged.only()["text"] == "hello"
