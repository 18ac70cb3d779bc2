"""A handler for module ``logging``: each record becomes a log of the scope that the running code is in.

The handler has no lock: the tracer takes calls from many threads, and a lock of the handler's, held around sinks of the host
that may log or wait, could stop it. What is left out: records of our own logger, and those made by recording itself.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from tracetui.core.recording import host
from tracetui.core.recording.guard import guarded, is_guarded
from tracetui.core.recording.recorder import LEVELS, Recorder, Verbosity

if TYPE_CHECKING:
    from tracetui.core.recording.spans import Scope
    from tracetui.core.recording.tracer import Tracer

_OWN: Final = "tracetui"
_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; all else was given as ``extra``."""
_WHERE: Final = (
    ("code.file.path", "pathname"),
    ("code.line.number", "lineno"),
    ("code.function.name", "funcName"),
    ("thread.name", "threadName"),
)
"""Where a record was made: names of OpenTelemetry's conventions, and the record's."""


class LoggingHandler(logging.Handler):
    """Records what a program logs.

        logging.getLogger().addHandler(LoggingHandler(tracer))

    Never raises, whatever ``logging.raiseExceptions`` says; what went wrong is counted in ``tracer.stats``.

    Args:
        tracer: whose scopes the logs belong to; by default that of ``tracetui.install()``.
        level: lowest level that is passed on, as everywhere in ``logging``. The tracer leaves out what is below its own.
        only_in_runs: leave out what is logged while no run goes on. By default that begins a run, as it does with the tracer.
    """

    def __init__(
        self, tracer: Tracer | None = None, level: int | str = logging.NOTSET, *, only_in_runs: bool = False
    ) -> None:
        super().__init__(level)
        self._tracer = tracer
        self._only_in_runs = only_in_runs

    def createLock(self) -> None:  # noqa: N802  # the name is logging's
        """There is none; see above."""
        self.lock = None

    @property
    def tracer(self) -> Tracer:
        """The tracer that records."""
        if self._tracer is None:
            from tracetui.core.recording.installing import process_tracer

            self._tracer = process_tracer()
        return self._tracer

    def handle(self, record: logging.LogRecord) -> bool:
        """Record it unless a filter is against it."""
        try:
            kept: object = self.filter(record)
            if not kept:
                return False
            self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        except Exception:  # a filter, or a record, of the host's own making
            self._fault()
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Record it."""
        try:
            tracer = self.tracer
            recorder = tracer._recorder
            if recorder is None or _is_own(record.name) or is_guarded():
                return
            if not recorder.is_recording and (self._only_in_runs or host.is_over()):
                return
            guarded(_write, recorder, tracer.current(), record)
        except Exception:
            self._fault()

    def _fault(self) -> None:
        recorder = self._tracer._recorder if self._tracer is not None else None
        if recorder is not None:
            recorder.fault()


def level_word(number: int) -> str:
    """The level of ours that is nearest to one of ``logging``; between two the lower one."""
    return min(LEVELS, key=lambda word: (abs(LEVELS[word] - number), LEVELS[word]))


def _is_own(name: str) -> bool:
    return name == _OWN or name.startswith(f"{_OWN}.")


def _write(recorder: Recorder, scope: Scope | None, record: logging.LogRecord) -> None:
    values: dict[str, object] = {"logger": record.name}
    extra = {key: value for key, value in vars(record).copy().items() if key not in _FIELDS}
    if "logger" in extra:
        extra["extra.logger"] = extra.pop("logger")
    values |= extra
    text = _message(record, values)
    if record.stack_info:
        values["stack"] = record.stack_info
    if recorder.verbosity >= Verbosity.detailed:
        values |= {key: value for key, name in _WHERE if (value := getattr(record, name, None)) is not None}
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is None and record.exc_text:  # it was pickled on its way, and only its text is left
        values["exception"] = {"message": record.exc_text.rstrip().rpartition("\n")[2], "traceback": record.exc_text}
    time = round(record.created * 1_000_000) * 1_000
    recorder.record_log(scope, text, level_word(record.levelno), error, values, time=time)


def _message(record: logging.LogRecord, values: dict[str, object]) -> str:
    """The message with its arguments; where they do not fit, or cannot be looked at, as it was given."""
    try:
        return str(record.getMessage())
    except Exception as fault:
        values["args"] = [_shown(value) for value in record.args] if isinstance(record.args, tuple) else []
        values["format_error"] = f"{type(fault).__name__}: {_shown(fault)}"
        return _shown(record.msg)


def _shown(value: object) -> str:
    try:
        return str(value)
    except Exception as fault:
        return f"[not recordable: {type(value).__name__}: {type(fault).__name__}]"
