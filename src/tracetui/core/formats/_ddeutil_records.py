"""Records of ddeutil-workflow in every shape that it ever wrote, brought to one: lines, rows, rendered text, posted bodies."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from tracetui.core.formats._values import iso_moment, iso_ns, text_of
from tracetui.core.model import NO_TIME

FIRST_WITH_ENDS: Final = (0, 0, 85)
"""The version since which ends of jobs and stages are recorded."""

_PREFIX: Final = re.compile(
    r"(?:\S{1,8} )?\[(CALLER|NESTED|STAGE|JOB|WORKFLOW|RELEASE|SCHEDULE|AUDIT)\]: ?", re.ASCII | re.IGNORECASE
)
_USUAL: Final = {
    "workflow": "👟 [WORKFLOW]: ",
    "job": "🏗 [JOB]: ",
    "stage": "🔗 [STAGE]: ",
    "nested": "⛓️ [NESTED]: ",
}
_FULL_ID: Final = re.compile(r"(\d{20})T(\w{1,40})", re.ASCII)
_CUT_ID: Final = re.compile(r"(\d{2})(\d{2})(\d{6})(\w{1,8})", re.ASCII)
_CUT_LENGTH: Final = 18
_LAST: Final = 59
_ERROR_LEVELS: Final = frozenset({"error", "exception", "critical"})
_CONTINUED: Final = re.compile(r"^ \.\.\. (?:\|  |╰─ )\t?", re.MULTILINE)
_FAILED: Final = ("📢", "💥", "🤫", "⚠️ Nested", "Error Failed:", "All-Completed Handler:", "Reach the maximum of retry")
"""How failures begin, for texts in a file that no longer tells whether it is that of the errors."""
_SECOND: Final = 1_000_000_000

_HEADER = (
    r"(?P<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?P<ms>\.\d{3})? "
    r"\( *(?P<process>\d+) *, *(?P<thread>\d+) *\) (?:\[(?P<level>[A-Z]+) *\] )?\((?P<cut>[^()\n]*)\) "
)
TEXT_START: Final = re.compile(_HEADER.encode())
"""How a record begins in ``stdout.txt`` and ``stderr.txt``, and on the console (with milliseconds and a level)."""
TEXT_END: Final = re.compile(rb" \([^()\n]*:\d+\)(?: \([^()\n]*\))?\s*$")
"""How its last line ends."""
_TEXT: Final = re.compile(
    _HEADER + r"(?P<message>.*?)\s*(?:\((?P<filename>[^()\n]*):(?P<lineno>\d+)\)(?: \([^()\n]*\))?\s*)?", re.DOTALL
)


class Id(NamedTuple):
    """What an id tells: when the thing was made (UTC, ns), which thing it is, and of a cut id the place within the hour."""

    stamp: int
    hash: str
    within_hour: int = -1


@lru_cache(maxsize=4096)
def id_of(text: str) -> Id:
    """Stamp and hash of a run id; an id without a time is all hash."""
    full = _FULL_ID.fullmatch(text)
    if full is not None:
        digits = full[1]
        hour = _hour(digits[:10])
        minute, second = int(digits[10:12]), int(digits[12:14])
        if hour != NO_TIME and minute <= _LAST and second <= _LAST:
            return Id(hour + (minute * 60 + second) * _SECOND + int(digits[14:]) * 1_000, full[2])
    return Id(NO_TIME, text)


@lru_cache(maxsize=64)
def _hour(digits: str) -> int:
    return iso_ns(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:]}:00:00")


@lru_cache(maxsize=4096)
def cut_id_of(text: str) -> Id:
    """The same of an id that was cut for display: minutes, seconds and microseconds are left of its time."""
    cut = _CUT_ID.fullmatch(text) if len(text) == _CUT_LENGTH else None
    if cut is None:
        return Id(NO_TIME, text)
    within = (int(cut[1]) * 60 + int(cut[2])) * _SECOND + int(cut[3]) * 1_000
    return Id(NO_TIME, cut[4], within)


class Entry:
    """One record, whatever it was written as."""

    __slots__ = (
        "has_ends",
        "is_cut",
        "is_error",
        "is_late",
        "level",
        "message",
        "module",
        "own",
        "run",
        "second",
        "thread",
    )

    def __init__(
        self,
        level: str,
        run: str,
        own: str,
        second: object,
        thread: object,
        module: str,
        message: str,
        *,
        is_error: bool,
        is_cut: bool = False,
        has_ends: bool | None = None,
    ) -> None:
        self.level = level
        """The producer's level, which is the record's type."""
        self.run = run
        """Id of the top run."""
        self.own = own
        """Id of what the record is about."""
        self.second = second
        """Its time as written."""
        self.thread = thread
        self.module = module
        """``workflow``, ``job``, ``stage``, ``nested`` …, in lower case; empty for a caller's own message."""
        self.message = message
        """Without emoji and ``[MODULE]:``."""
        self.is_error = is_error
        self.is_cut = is_cut
        """Its ids are cut, as in texts and in records up to 0.0.78."""
        self.has_ends = has_ends
        """Whether its version records ends; None: it does not say."""
        self.is_late = level == "stderr"
        """It stands in a file of errors alone, which is read after the other one."""

    def fingerprint(self) -> int:
        """The same for two records that say the same, within this process."""
        return hash((self.own, self.second, self.thread, self.level, self.message))


def entry_of(record: dict[str, object], folder_run: str = "", *, is_text: bool = False) -> Entry:
    """The entry of a line, row or text; ``folder_run`` is what its folder is named after, for records with cut ids only."""
    get = record.get
    level = get("level")
    level = level if isinstance(level, str) else text_of(level)
    own, parent = get("run_id"), get("parent_run_id")
    run: object
    is_cut = not (isinstance(own, str) and own)
    if is_cut:
        top, own = cut_ids(text_of(get("cut_id")))
        run = folder_run or top
    else:
        run = parent if isinstance(parent, str) and parent else own
    module, message = parted(text_of(get("message")), get("module"))
    flag = get("error_flag")
    if flag is None:
        mode = get("mode")
        is_error = mode == "stderr" if isinstance(mode, str) else level.lower() in _ERROR_LEVELS
        if is_text and not mode and not level:
            is_error = message.startswith(_FAILED)
    else:
        is_error = bool(flag)
    second = get("datetime") or get("timestamp")
    return Entry(
        level or "-",
        run if isinstance(run, str) else text_of(run),
        own if isinstance(own, str) else text_of(own),
        second,
        (get("process"), get("thread")) if _plain(get("process")) and _plain(get("thread")) else "",
        module,
        message,
        is_error=is_error,
        is_cut=is_cut,
        has_ends=None if is_text else _has_ends(record, is_cut=is_cut),
    )


def _plain(value: object) -> bool:
    return value is None or isinstance(value, int | str | float)


def _has_ends(record: dict[str, object], *, is_cut: bool) -> bool | None:
    if "module" in record and "error_flag" in record:
        return True
    if is_cut:
        return False
    version = record.get("package_version")
    if isinstance(version, str) and version:
        return version_of(version) >= FIRST_WITH_ENDS
    return False if "trace_id" in record and "workflow_name" in record else None


@lru_cache(maxsize=64)
def version_of(text: str) -> tuple[int, ...]:
    """``0.0.86`` as numbers."""
    return tuple(int(part) for part in re.findall(r"\d{1,6}", text)[:3])


def parted(message: str, module: object = None) -> tuple[str, str]:
    """Module and the rest of a message; the module that is written in the message is believed first."""
    if isinstance(module, str) and message.startswith(usual := _USUAL.get(module, "\0")):
        return module, message[len(usual) :]
    prefix = _PREFIX.match(message)
    if prefix is None:
        return (module.lower() if isinstance(module, str) else ""), message
    name = prefix[1].lower()
    return ("" if name == "caller" else name), message[prefix.end() :]


def cut_ids(text: str) -> tuple[str, str]:
    """Top and own of ``parent -> own``; one of them stands for both where the other is missing."""
    parent, arrow, own = text.partition("->")
    parent, own = parent.strip(), own.strip()
    return (parent or own, own or parent) if arrow else (parent, parent)


def text_values(text: str) -> dict[str, object] | None:
    """Fields of one rendered record, by the names that ``metadata.txt`` has for them; None if it is none."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    values: dict[str, object] = {
        "datetime": found["time"] + (found["ms"] or ""),
        "process": int(found["process"]) if len(found["process"]) < 19 else found["process"],
        "thread": int(found["thread"]) if len(found["thread"]) < 21 else found["thread"],
        "cut_id": found["cut"],
        "message": found["message"],
        "filename": found["filename"],
        "lineno": found["lineno"],
    }
    if found["level"]:
        values["level"] = found["level"].lower()
    return values


def has_zone(second: object) -> bool:
    """Whether a time as written says its zone."""
    moment = iso_moment(second)
    return moment is not None and moment.tzinfo is not None


def unfolded(message: str) -> str:
    """A message of several lines without the marks that its continuation lines begin with."""
    return _CONTINUED.sub("", message).rstrip()
