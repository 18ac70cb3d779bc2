"""One page for a browser: foldable tree, waterfall, detail, search. No network, no framework, nothing of a trace is markup.

The page is a constant (``page/``): one style, one script, allowed by their hashes in a Content-Security-Policy that forbids all
else. A trace comes as JSON in script elements of another type, in which nothing can end the element; the script makes the page
of text nodes only. Spans come in pieces, so that neither side ever holds all bodies at once, and bodies are cut to a total.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.exporting.bodies_text import BodyText
from tracetui.core.exporting.heading import about_rows, headline
from tracetui.core.exporting.limits import span_limit
from tracetui.core.exporting.plain import json_line
from tracetui.core.exporting.rows import Row, Rows
from tracetui.core.figures import duration
from tracetui.core.model import KIND_WORDS
from tracetui.core.symbols import UNICODE

if TYPE_CHECKING:
    from tracetui.core.exporting import Write
    from tracetui.core.exporting.job import Job

BODY_CHARACTERS: Final = 40_000_000
"""What all bodies of a page may come to, about."""
SPAN_CHARACTERS: Final = 300_000
_PIECE: Final = 256
"""Spans to a piece."""
_PIECE_CHARACTERS: Final = 1_000_000
"""Bodies after which a piece ends early."""
_WITHOUT_SCRIPT: Final = 2_000
"""Rows of the tree that a browser without script shows."""
_LABELS: Final = 6
_STEPS: Final = tuple(
    step * unit for unit in (1, 10**3, 10**6) for step in (1, 2, 5, 10, 20, 50, 100, 200, 500)
) + tuple(
    10**9 * seconds for seconds in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18_000, 36_000)
)
STATUS_WORDS: Final = ("unset", "ok", "error", "skipped", "open")
CAUSE, CRITICAL, ORPHAN, CONTEXT = 1, 2, 4, 8
"""Bits of a row's flags."""
_ZERO_PARTS: Final = re.compile(r"(?<=[mhd])00[a-z]+$|\.0(?=[a-zµ])")
_PAGE: Final = Path(__file__).with_name("page")
_ESCAPED: Final = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&#39;"})


def write(job: Job, out: Write) -> None:
    """Write the page."""
    template = (_PAGE / "page.html").read_text(encoding="utf-8")
    style, script = ((_PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    rows, head = Rows(job), headline(job)
    parts = {
        "title": _escaped(head.title),
        "policy": _policy(style, script),
        "style": style,
        "script": script,
        "summary": "".join(f"<p>{_escaped(line)}</p>\n" for line in head.lines),
    }
    before, after = template.split("{{data}}")
    out(_filled(before, parts))
    page = _Page(job, rows)
    for piece in page.pieces():
        out(piece)
    out(_data("run", page.run(head.title, head.lines, head.status)))
    out("<noscript><pre>" + _escaped("\n".join(page.lines)) + "</pre></noscript>\n")
    out(_filled(after, parts))


def _policy(style: str, script: str) -> str:
    """What the page may do: apply this style, run this script, nothing else; and no text becomes markup."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _filled(template: str, parts: dict[str, str]) -> str:
    """The template with its ``{{names}}`` replaced, each once; what is put in is not looked at again."""
    pieces = []
    for number, piece in enumerate(template.split("{{")):
        name, closed, rest = piece.partition("}}")
        pieces.append(piece if number == 0 or not closed else parts[name] + rest)
    return "".join(pieces)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)


def _data(kind: str, value: object) -> str:
    """A value in an element that the script reads: ASCII in which no character can begin or end markup."""
    return f'<script type="application/json" class="{kind}">{_inert(json_line(value))}</script>\n'


def _inert(text: str) -> str:
    """JSON without the characters of markup; several times as fast as one ``translate``."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Page:
    """The data of a page."""

    def __init__(self, job: Job, rows: Rows) -> None:
        self._job = job
        self._rows = rows
        self._first_cause = -1
        self._count = 0
        self.lines: list[str] = []
        """The tree as text, for browsers without script."""
        shown, _ = job.view.shown()
        limit = span_limit(job.bodies, shown.tolist(), BODY_CHARACTERS, SPAN_CHARACTERS)
        self._bodies = BodyText(job, rows, limit)

    def pieces(self) -> Iterator[str]:
        """Rows and bodies, some hundred spans at a time."""
        rows: list[list[Any]] = []
        bodies: list[str] = []
        size = 0
        for line, facts in self._job.spans():
            row = self._rows.of(line, facts)
            self._see(row)
            rows.append(_packed(row))
            bodies.append(json_line(self._bodies.of(row, facts, line)))
            size += len(bodies[-1])
            if len(rows) >= _PIECE or size >= _PIECE_CHARACTERS:
                yield _piece(rows, bodies)
                rows, bodies, size = [], [], 0
        if rows:
            yield _piece(rows, bodies)

    def _see(self, row: Row) -> None:
        if row.row == self._rows.first_cause:
            self._first_cause = self._count
        if self._count < _WITHOUT_SCRIPT:
            symbol = UNICODE["error"] if row.status == "error" else " "
            figures = "  ".join(text for text in (row.time, row.tokens, row.cost) if text)
            self.lines.append(f"{symbol} {'  ' * min(row.depth, 30)}{row.kind} {row.name}  {figures}")
        elif self._count == _WITHOUT_SCRIPT:
            self.lines.append(
                f"… and {self._job.run.span_count - _WITHOUT_SCRIPT:,} more, which a browser with script shows"
            )
        self._count += 1

    def run(self, title: str, lines: list[str], status: str) -> dict[str, Any]:
        """What the page says of the run; known in full once all spans are written."""
        return {
            "title": title,
            "lines": lines,
            "status": status,
            "symbol": UNICODE[status],
            "firstCause": self._first_cause,
            "about": about_rows(self._job),
            "events": self._bodies.run_events(),
            "length": self._rows.length,
            "axis": axis_labels(self._rows.length),
            "kinds": [[word, UNICODE[word]] for word in KIND_WORDS],
            "statuses": [[word, UNICODE[word]] for word in STATUS_WORDS],
        }


def _piece(rows: list[list[Any]], bodies: list[str]) -> str:
    inside = _inert(",".join(bodies))
    return _data("rows", rows) + f'<script type="application/json" class="bodies">[{inside}]</script>\n'


def _packed(row: Row) -> list[Any]:
    flags = row.is_cause * CAUSE | row.is_critical * CRITICAL | row.is_orphan * ORPHAN | row.is_context * CONTEXT
    return [
        row.depth,
        KIND_WORDS.index(row.kind),
        STATUS_WORDS.index(row.status),
        flags,
        row.begin_ns,
        row.length_ns,
        row.name,
        row.subject,
        row.start,
        row.time,
        row.tokens,
        row.cost,
    ]


def axis_labels(length: int) -> list[list[Any]]:
    """Labels of the waterfall: how far along, ns, and what stands there."""
    if length <= 0:
        return []
    step = next((step for step in _STEPS if length / step <= _LABELS), length)
    return [[at, _axis_label(at)] for at in range(0, length, step)]


def _axis_label(at: int) -> str:
    """A duration without zero parts: ``3m``, not ``3m00s``."""
    return _ZERO_PARTS.sub("", duration(at)) if at else "0"
