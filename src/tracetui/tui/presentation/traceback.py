"""A traceback as a person reads it: own frames with their code, library frames muted and folded to a count, message last.

Python's are taken apart, chained ones and groups too, and so are those of JavaScript, Java and Go; lines of any other
language stay as they are, the last one being the message.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import Final

from tracetui.core.analysis.messages import is_library
from tracetui.core.symbols import UNICODE, Symbols
from tracetui.core.text import cut, safe
from tracetui.tui.presentation.pieces import Piece, cut_pieces, width_of
from tracetui.tui.presentation.wrap import wrap

MOST_CHARACTERS: Final = 65_536
"""A longer traceback is shown as plain text."""

_FRAME = re.compile(r'^[\s|+-]{0,40}File "([^"\n]{1,1000})", line (\d{1,9})(?:, in (.{1,200}))?\s*$')
_UNDERLINE = re.compile(r"^[\s|]*[~^]+\s*$")
_JAVA_LIBRARY = (
    *("java.", "javax.", "jdk.", "sun.", "kotlin.", "kotlinx.", "scala.", "jakarta.", "org.springframework."),
    *("org.apache.", "org.junit.", "org.hibernate.", "io.netty.", "reactor.", "com.google.common."),
)
_GO_PLACE = re.compile(r"^\t(\S{1,1000}\.go):(\d{1,9})(?: \+0x[0-9a-f]{1,16})?$")
_GROUP = re.compile(r"^[\s|+-]*-{4,} (\d{1,6}) -{4,}$")
_LINKS: Final = (
    "During handling of the above",
    "The above exception was",
    "... ",
    "group ",
    "goroutine ",
    "exit status ",
)
_BEGINNINGS: Final = ("Caused by: ", "panic: ", "Suppressed: ", "fatal error: ")
_MESSAGE_ROWS: Final = 6
_TOKEN = re.compile(
    r"(?P<string>\"[^\"]{0,200}\"|'[^']{0,200}')|(?P<number>\b\d[\d_.eExXa-fA-F]{0,40}\b)|(?P<word>[A-Za-z_]\w{0,80})"
)
_STYLES: Final = {"string": "code-string", "number": "code-number"}
_PARTS_SHOWN = 2
_FRAMES_OF_A_RUN: Final = 2
_SIDE_BY_SIDE: Final = 64
_LONGEST_FRAME: Final = 1_500


@dataclass(frozen=True, slots=True)
class Frame:
    """One call of a traceback; texts are as recorded."""

    path: str
    line: str
    function: str
    code: str = ""
    language: str = "python"

    @property
    def is_library(self) -> bool:
        """Whether it belongs to an installed package or to the language itself."""
        if self.language == "java":
            return self.function.rpartition("/")[2].startswith(_JAVA_LIBRARY)
        return is_library(self.path)

    @property
    def place(self) -> str:
        """The path without its leading folders."""
        path = self.path.replace("\\", "/")
        for part in ("site-packages/", "dist-packages/", "node_modules/", "/pkg/mod/"):
            path = path.rpartition(part)[2]
        return "/".join(path.split("/")[-_PARTS_SHOWN:])


def frames_of(traceback: str) -> list[Frame | str]:
    """Frames and the lines between them (headings, messages), in order; underlines of columns are left out."""
    parts: list[Frame | str] = []
    for line in traceback.splitlines():
        found = _FRAME.match(line)
        if found:
            parts.append(Frame(found[1], found[2], found[3] or ""))
            continue
        if other := _other_frame(line, parts):
            parts.append(other)
            continue
        last = parts[-1] if parts else None
        is_code = isinstance(last, Frame) and last.language == "python" and not last.code and line[:1] in (" ", "|")
        said = _GROUP.sub(r"group \1", line).strip().lstrip("|+ ").strip()
        if is_code and isinstance(last, Frame) and said:
            parts[-1] = Frame(last.path, last.line, last.function, line.strip(" |"))
        elif said.strip("-") and not _UNDERLINE.match(line) and "Traceback (most" not in said[:60]:
            parts.append(said)
    return parts


def _other_frame(line: str, parts: list[Frame | str]) -> Frame | None:
    """A frame as JavaScript, Java or Go writes it; Go's function stands in the line before."""
    found = _GO_PLACE.match(line)
    if found:
        function = parts.pop() if parts and isinstance(parts[-1], str) else ""
        return Frame(found[1], found[2], str(function).rpartition("(")[0] or str(function), language="go")
    said = line.strip()
    if not said.startswith("at ") or len(said) > _LONGEST_FRAME:
        return None
    function, where = "", said[3:]
    if where.endswith(")") and "(" in where:
        function, _, where = where[:-1].rpartition("(")
        is_java = not function.endswith(" ")
    else:
        is_java = False
    path, _, number = where.rpartition(":")
    before, _, row = path.rpartition(":")
    if number.isdigit() and row.isdigit() and before:
        path, number = before, row
    if not number.isdigit():
        return Frame(where, "", function.strip(), language="java") if is_java else None
    return Frame(path.removeprefix("file://"), number, function.strip(), language="java" if is_java else "javascript")


def is_recent_first(parts: list[Frame | str]) -> bool | None:
    """Whether the frame that raised stands first, as in every language but Python; None where there are no frames."""
    languages = [part.language for part in parts if isinstance(part, Frame)]
    return languages[0] != "python" if languages else None


def traceback_rows(traceback: str, width: int, compact: bool = False, symbols: Symbols = UNICODE) -> list[list[Piece]]:
    """The rows of a traceback in `width` cells; `compact` puts code beside its frame and leaves library frames out."""
    parts = frames_of(traceback)
    rows: list[list[Piece]] = []
    position = 0
    while position < len(parts):
        part = parts[position]
        if isinstance(part, str):
            style = "status-error" if _is_message(parts, position) else "muted"
            said = wrap(safe(part), max(8, width - 2))
            if len(said) > _MESSAGE_ROWS:  # all of it stands in Raw
                said[_MESSAGE_ROWS - 1 :] = [f"{said[_MESSAGE_ROWS - 1][:-1]}{symbols.cut}"]
            rows += [cut_pieces([("  ", ""), (row, style)], width, symbols) for row in said]
            position += 1
        elif part.is_library:
            stop = position
            while stop < len(parts) and isinstance(frame := parts[stop], Frame) and frame.is_library:
                stop += 1
            rows += _library_rows([frame for frame in parts[position:stop] if isinstance(frame, Frame)], width, symbols)
            position = stop
        else:
            rows += _own_rows(part, width, compact, symbols)
            position += 1
    if compact and (own := [row for row in rows if not _is_library_row(row)]):
        return own
    return rows


def _is_message(parts: list[Frame | str], position: int) -> bool:
    """The last line, and each line right behind the last frame of a chained traceback; else the first, and each cause's."""
    said = str(parts[position])
    if said.startswith(_LINKS):
        return False
    if is_recent_first(parts):
        return not position or said.startswith(_BEGINNINGS)
    return position == len(parts) - 1 or isinstance(parts[position - 1] if position else None, Frame)


def _is_library_row(row: list[Piece]) -> bool:
    return all(style == "muted" for text, style in row if text.strip())


def _library_rows(frames: list[Frame], width: int, symbols: Symbols) -> list[list[Piece]]:
    if len(frames) <= _FRAMES_OF_A_RUN:
        return [_library_row(frame, "", width, symbols) for frame in frames]
    return [_library_row(frames[0], f"   +{len(frames) - 1} library frames", width, symbols)]


def _library_row(frame: Frame, more: str, width: int, symbols: Symbols) -> list[Piece]:
    words = safe(f"{frame.place}:{frame.line} {frame.function}" if frame.line else f"{frame.place} {frame.function}")
    return [("  ", ""), (cut(words, max(1, width - 2 - len(more)), symbols=symbols) + more, "muted")]


def _own_rows(frame: Frame, width: int, compact: bool, symbols: Symbols) -> list[list[Piece]]:
    where: list[Piece] = [("  ", ""), (safe(frame.place), "")]
    if frame.line:
        where += [(":", ""), (safe(frame.line), "strong bold")]
    if frame.function:
        where += [(" in ", "muted"), (safe(frame.function), "")]
    if not frame.code:
        return [cut_pieces(where, width, symbols)]
    code = code_pieces(frame.code[:1_000])
    column = width * 53 // 100
    if compact and width >= _SIDE_BY_SIDE and width_of(where) < column:
        return [cut_pieces([*where, (" " * (column - width_of(where)), ""), *code], width, symbols)]
    return [cut_pieces(where, width, symbols), cut_pieces([("      ", ""), *code], width, symbols)]


def code_pieces(line: str) -> list[Piece]:
    """One line of Python with its keywords, strings and numbers marked."""
    line = safe(line)
    pieces: list[Piece] = []
    done = 0
    for found in _TOKEN.finditer(line):
        style = _STYLES.get(found.lastgroup or "", "code-keyword" if keyword.iskeyword(found[0]) else "")
        if not style:
            continue
        if found.start() > done:
            pieces.append((line[done : found.start()], ""))
        pieces.append((found[0], style))
        done = found.end()
    if done < len(line):
        pieces.append((line[done:], ""))
    return pieces
