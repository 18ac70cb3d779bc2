"""Events told as dictionaries, the way several recorders take them: ``tracer.log_event({...})``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tracetui.core.model import EventClass

if TYPE_CHECKING:
    from tracetui.core.recording.recorder import Recorder
    from tracetui.core.recording.spans import Scope

_NAMES: Final = ("event", "event_type", "type", "name")
_TIMES: Final = ("timestamp", "time", "ts")
_TEXTS: Final = ("message", "text", "msg")
_CLASSES: Final = frozenset(cls.name for cls in EventClass)
_UNITS: Final = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))
"""A number below the first is so many ns each: seconds, milliseconds, microseconds; above all it is nanoseconds.
The borders lie in the year 5138."""


def tell(recorder: Recorder, scope: Scope | None, values: Mapping[str, object]) -> None:
    """Record such an event; a time that is missing or cannot be read is now."""
    try:
        rest = dict(values)
        name = _first(rest, _NAMES, str)
        time = next(
            (moment for key in _TIMES if (moment := _time(rest.get(key))) is not None and _take(rest, key)), None
        )
        text = _first(rest, _TEXTS, str)
        level = _first(rest, ("level",), str)
        class_ = rest.pop("class") if rest.get("class") in _CLASSES else ""
    except Exception:  # a mapping of the host's own making
        recorder.fault()
        return
    found = str(class_) or ("log" if level else "event")
    recorder.record_event(scope, found, name or found, text, rest, level=level.lower(), time=time)


def _first(values: dict[str, object], keys: tuple[str, ...], kind: type[str]) -> str:
    for key in keys:
        if isinstance(values.get(key), kind):
            return str(values.pop(key))
    return ""


def _take(values: dict[str, object], key: str) -> bool:
    del values[key]
    return True


def _time(value: object) -> int | None:
    """A moment, ns since the epoch."""
    if isinstance(value, datetime):
        return _ns(value)
    if isinstance(value, str):
        try:
            return _ns(datetime.fromisoformat(value))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**63:
        return None
    unit = next((unit for border, unit in _UNITS if value < border), 1)
    return int(value) * unit if isinstance(value, int) else round(value * 10**3) * (unit // 10**3 or 1)


def _ns(moment: datetime) -> int | None:
    """Whole microseconds, exactly; a time without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    past = aware - datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = (past.days * 86_400 + past.seconds) * 10**6 + past.microseconds
    return microseconds * 1_000 if microseconds >= 0 else None
