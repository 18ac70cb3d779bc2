"""What error messages say apart from what differs each time: so that one fault is one group, however often it came.

Times, ids, hexadecimal numbers, addresses, paths, quoted values and numbers become ``#``. The work is bounded: only the
beginning of a text is looked at, and no pattern can go back over what it has passed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

LOOKED_AT: Final = 2_000
"""Characters of a message that are compared."""
SHOWN: Final = 300
"""Characters of a group's name."""
FRAMES_LOOKED_AT: Final = 20_000
"""Characters at the end of a traceback in which the last frame is looked for."""

_VARYING: Final = re.compile(
    r"""
      (?P<url>\b[a-zA-Z][a-zA-Z0-9+.-]{1,15}://[^\s"'<>]{1,2000})
    | (?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)
    | (?P<time>\b\d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?)
    | (?P<quoted>"[^"\n]{0,400}" | '[^'\n]{1,400}'(?![A-Za-z]) | `[^`\n]{1,400}` | “[^”\n]{0,400}”)
    | (?P<path>(?<![\w.])(?:~|\.{1,2})?(?:/[\w.@+-]{1,200}){2,40}/? | \b[A-Za-z]:\\[^\s"'<>|]{1,400})
    | (?P<hex>\b0[xX][0-9a-fA-F]{1,64}\b | \b(?=[0-9a-fA-F]{0,63}\d)[0-9a-fA-F]{8,64}\b)
    | (?P<id>\b[A-Za-z]{2,12}[-_](?=[A-Za-z0-9_-]{0,63}\d)[A-Za-z0-9_-]{8,64}\b)
    | (?P<number>(?<![A-Za-z_])[+-]?\d[\d_]{0,30}(?:[.,]\d{1,30}){0,4}(?:[eE][+-]?\d{1,4})?)
    """,
    re.VERBOSE,
)
_DIGITS: Final = re.compile(r"\d{1,40}")
_ANNOUNCES: Final = 14
"""A first line of so few characters (``Exit code 1``) is shown with the next one."""
_ANNOUNCEMENT: Final = re.compile(
    r"(?:(?:error|exit (?:code|status) -?\d{1,10}):[ \t]{1,4}){1,4}(?=[^\n]{0,200}?[A-Za-z])", re.IGNORECASE
)
"""What some producers put before a message and others do not: one error is one group, however it was run."""
_BLANKS: Final = re.compile(r"\s+")
_FENCE: Final = re.compile(r"(?:`{3,9}|~{3,9})[\w+-]{0,20}")
"""A line that begins or ends a block of code, and says nothing."""
_LIBRARY: Final = (
    *("site-packages/", "dist-packages/", "/lib/python", "<frozen ", "/Lib/", "lib64/python"),
    *("node_modules/", "node:", "/pkg/mod/", "/go/src/"),
)
"""What the paths of libraries hold."""
_OTHERS_LOOKED_AT: Final = 64
_PYTHON_FRAME: Final = re.compile(
    r'^[ \t]{0,20}File "([^"\n]{1,500})", line (\d{1,9})(?:, in ([^\n]{1,200}))?', re.MULTILINE
)
_OTHER_FRAME: Final = re.compile(r"^[ \t]{0,20}at ([^\n]{1,300})", re.MULTILINE)
_LIMIT: Final = re.compile(
    r"(?:limit(?: is| of|:)?|maximum(?: context length| allowed)?(?: is| of|:)?|max(?:imum)? tokens?(?: is| of|:)?|>)"
    r"\s{0,3}(\d[\d,_]{2,12})",
    re.IGNORECASE,
)
_OVER_LIMIT: Final = re.compile(
    r"context[ _-]?(?:length|window)|maximum context|prompt is too long|input is too long|too many (?:input )?tokens"
    r"|token limit|exceeds? the (?:model'?s )?(?:maximum|context)|ContextLength",
    re.IGNORECASE,
)


def normalised(message: str) -> str:
    """The first line of a message with everything that differs from time to time as ``#``, without ``Exit code 1:``."""
    line = first_line(message)
    if announced := _ANNOUNCEMENT.match(line):
        line = line[announced.end() :]
    text = _BLANKS.sub(" ", _VARYING.sub("#", line)).strip()
    if not any(char.isalpha() for char in text):  # all of it is quoted
        text = _BLANKS.sub(" ", _DIGITS.sub("#", line)).strip()
    return text[:SHOWN]


def first_line(message: str) -> str:
    """The line of a message that tells the most: its first, with the next one where it only announces that.

    The fences of a block of code are passed over.
    Of a message that holds a traceback it is the last one, behind what stands before the traceback.
    """
    lines = [line.strip() for line in message[:LOOKED_AT].split("\n") if line.strip()]
    lines = [line for line in lines if not _FENCE.fullmatch(line)] or lines[:1]
    if not lines:
        return ""
    at = next((at for at, line in enumerate(lines) if line.startswith("Traceback (most recent")), -1)
    if at >= 0:
        last = message[-LOOKED_AT:].rstrip().rpartition("\n")[2].strip()
        return f"{lines[0].rstrip(':')}: {last}" if at else last
    if len(lines) > 1 and (lines[0].endswith(":") or len(lines[0]) <= _ANNOUNCES):
        return f"{lines[0].rstrip(':')}: {lines[1]}"
    return lines[0]


def said(type_: str, message: str) -> str:
    """Type and first line of an error as one text; the type is not said twice."""
    line = first_line(message)
    if not type_ or type_ in line:
        return line
    return f"{type_}: {line}" if line else type_


def last_frame(traceback: str) -> str:
    """The frame where it was raised, ``file:line in function``; empty if the text shows none.

    In Python's tracebacks that is the last one, in those of JavaScript and Java the first. Where that belongs to a library,
    the nearest one of the program itself is named before it: ``app.py:12 in fetch, inside http.py:41 in get``.
    """
    tail = traceback[-FRAMES_LOOKED_AT:].rpartition("Traceback (most recent call last)")[2]
    frames = [(path, _python_frame(path, line, function)) for path, line, function in _PYTHON_FRAME.findall(tail)]
    if frames:
        return _nearest_own(frames[::-1])
    found = _OTHER_FRAME.finditer(traceback[:FRAMES_LOOKED_AT])
    others = [(frame[1], frame[1].strip()) for frame in islice(found, _OTHERS_LOOKED_AT)]
    return _nearest_own(others) if others else ""


def is_library(path: str) -> bool:
    """Whether the path of a frame is that of an installed package or of the language itself."""
    path = path.replace("\\", "/")
    return any(part in path for part in _LIBRARY)


def _python_frame(path: str, line: str, function: str) -> str:
    where = f"{path.replace(chr(92), '/').rpartition('/')[2]}:{line}"
    return f"{where} in {function.strip()}" if function else where


def _nearest_own(frames: Sequence[tuple[str, str]]) -> str:
    """Of frames with their paths, the innermost first."""
    path, raised = frames[0]
    own = next((shown for path, shown in frames if not is_library(path)), raised) if is_library(path) else raised
    return raised if own == raised else f"{own}, inside {raised}"


def is_over_limit(text: str) -> bool:
    """Whether a message says that a prompt was longer than its model takes."""
    return _OVER_LIMIT.search(text[:LOOKED_AT]) is not None


def limit_told(text: str) -> int | None:
    """The limit, in tokens, that such a message names; None if it names none."""
    found = _LIMIT.search(text[:LOOKED_AT])
    return None if found is None else int(found[1].replace(",", "").replace("_", ""))
