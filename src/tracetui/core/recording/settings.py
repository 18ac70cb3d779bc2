"""What the environment says of recording, where the program does not say it itself.

| variable | value |
|---|---|
| ``TRACETUI_OFF`` | ``1 true yes on``: nothing is recorded |
| ``TRACETUI_DIR`` | folder of recordings; by default ``traces`` |
| ``TRACETUI_LEVEL`` | verbosity: ``minimal standard detailed debug`` |
| ``TRACETUI_SINKS`` | where records go, separated by commas: ``jsonl console sqlite sqlite:PATH memory`` |

A value that means nothing is told once on the logger ``tracetui``, and what holds by default is used; nothing here raises.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from tracetui.core.recording.records import Sink

Detail = Literal["minimal", "standard", "detailed", "debug"]

OFF: Final = "TRACETUI_OFF"
FOLDER: Final = "TRACETUI_DIR"
LEVEL: Final = "TRACETUI_LEVEL"
SINKS: Final = "TRACETUI_SINKS"
DATABASE: Final = "recordings.db"
"""Name of the database that ``sqlite`` without a path means, in the folder of recordings."""
MEMORY_RECORDS: Final = 100_000
"""Records that ``memory`` keeps: a program that runs for weeks must not be filled by them."""

_YES: Final = frozenset(("1", "true", "yes", "on"))
_NO: Final = frozenset(("", "0", "false", "no", "off"))
_DETAILS: Final[dict[str, Detail]] = {
    "minimal": "minimal",
    "standard": "standard",
    "detailed": "detailed",
    "debug": "debug",
}
_told: set[tuple[str, str]] = set()


def is_off() -> bool:
    """Whether nothing is to be recorded."""
    value = os.environ.get(OFF, "").strip().lower()
    if value in _YES:
        return True
    if value not in _NO:
        _wrong(OFF, value, "recording is on; 1 switches it off")
    return False


def verbosity() -> Detail:
    """How much is to be recorded."""
    value = os.environ.get(LEVEL, "").strip().lower()
    found = _DETAILS.get(value or "standard")
    if found is None:
        _wrong(LEVEL, value, f"one of {', '.join(_DETAILS)} is expected; standard is used")
    return found or "standard"


def folder() -> str:
    """Where recordings go."""
    value = os.environ.get(FOLDER, "")
    if value and Path(value).exists() and not Path(value).is_dir():
        _wrong(FOLDER, value, "it is no folder; traces is used")
        value = ""
    return value or "traces"


def sinks(place: str | os.PathLike[str] | None, buffered: bool) -> list[Sink]:
    """The sinks that are asked for; JSON lines in files if there are none.

    Args:
        place: the folder that the program asks for; None: it says nothing.
        buffered: whether JSON lines are held back for up to a second.
    """
    where = place or folder()
    value = os.environ.get(SINKS, "")
    words = [word.strip() for word in value.split(",")]
    found = [sink for word in words if word and (sink := _sink(word, where, buffered)) is not None]
    if words != [""] and len(found) < len([word for word in words if word]):
        used = "the others are used" if found else "jsonl is used"
        _wrong(SINKS, value, f"jsonl, console, sqlite, sqlite:PATH, memory are expected; {used}")
    return found or [_jsonl(where, buffered)]


def _jsonl(where: str | os.PathLike[str], buffered: bool) -> Sink:
    from tracetui.core.recording.sinks.jsonl import JsonlSink

    return JsonlSink(where, buffered=buffered)


def _sink(word: str, where: str | os.PathLike[str], buffered: bool) -> Sink | None:
    name, _, path = word.partition(":")
    match name.strip().lower(), path.strip():
        case "jsonl", "":
            return _jsonl(where, buffered)
        case "console", "":
            from tracetui.core.recording.sinks.console import ConsoleSink

            return ConsoleSink()
        case "sqlite", path:
            from tracetui.core.recording.sinks.sqlite import SqliteSink

            return SqliteSink(path or Path(where) / DATABASE)
        case "memory", "":
            from tracetui.core.recording.sinks.memory import MemorySink

            return MemorySink(MEMORY_RECORDS)
        case _:
            return None


def _wrong(variable: str, value: str, what: str) -> None:
    """Tell of a value that means nothing, once."""
    if (variable, value) in _told:
        return
    _told.add((variable, value))
    import logging

    logging.getLogger("tracetui").warning("%s=%r: %s", variable, value, what)
