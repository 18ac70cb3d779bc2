"""One picture of a run's tree with its waterfall: SVG of cells, as the screen looks in its dark theme.

Nothing is fetched: no font, no style and no link from elsewhere, and nothing in it can act. Text stands in cells of a fixed
width (`textLength`), so that it looks the same whatever font a viewer has. The same run gives the same picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tracetui.core.exporting.heading import headline
from tracetui.core.exporting.html import axis_labels
from tracetui.core.exporting.rows import Row, Rows
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.text import cell_width, cut

if TYPE_CHECKING:
    from tracetui.core.exporting import Write
    from tracetui.core.exporting.job import Job

ROWS: Final = 2_000
"""Spans that a picture shows at most: beyond that no viewer draws it, and nobody reads it."""

_CELL: Final = 8.4
_LINE: Final = 19
_SIZE: Final = 14
_NAME, _START, _TIME, _TOKENS, _COST, _BAR = 64, 8, 7, 7, 8, 40
_GAP: Final = 2
_DEEPEST: Final = 20
FONTS: Final = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
_STYLE: Final = """
svg { background: #121212 }
text { font: 14px %s; white-space: pre; fill: #d0d0d0 }
.strong { fill: #ffffff; font-weight: bold } .muted { fill: #8a8a8a } .rule { fill: #4e4e4e }
.error { fill: #ff5f5f } .open { fill: #87ffaf } .warning { fill: #ffd75f }
.agent { fill: #e4e4e4 } .llm { fill: #5fafff } .tool { fill: #d7af87 }
.retriever, .embedding, .reranker { fill: #5fd7d7 } .guardrail, .evaluator { fill: #d787d7 }
.chain, .step, .span { fill: #a8a8a8 }
"""
_STATUS: Final = {"error": "error", "open": "open", "skipped": "muted"}
_HEAD: Final = {"error": "error", "running": "open", "stalled": "warning", "unfinished": "warning"}
_ESCAPED: Final = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&#39;"})


def write(job: Job, out: Write) -> None:
    """Write the picture."""
    picture = _Picture(job)
    lines = list(picture.lines())
    width = round(picture.columns * _CELL + 2 * _CELL)
    height = (len(lines) + 1) * _LINE
    title = escaped(picture.title)
    out(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'xml:space="preserve">\n'
        f"<title>{title}</title>\n<style>{_STYLE % FONTS}</style>\n"
        f'<rect width="{width}" height="{height}" fill="#121212"/>\n'
    )
    for number, line in enumerate(lines, 1):
        out(f'<g transform="translate({_CELL:g} {number * _LINE})">{line}</g>\n')
    out("</svg>\n")


def escaped(text: str) -> str:
    """Text in which no character begins or ends markup."""
    return text.translate(_ESCAPED)


class _Picture:
    """The lines of a picture, each as elements at their columns."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._rows = Rows(job)
        self._symbols = ASCII if job.is_ascii else UNICODE
        self._head = headline(job)
        self._bars = self._rows.length > 0
        self._figures = 2 + _NAME + _GAP
        self._bar = self._figures + _START + _TIME + _TOKENS + _COST + 4 * _GAP
        self.columns = self._bar + (_BAR if self._bars else 0)
        self.title = self._head.title

    def lines(self) -> Iterator[str]:
        """Heading, axis, spans."""
        head, symbols = self._head, self._symbols
        yield _text(0, cut(head.title, self.columns, symbols=symbols), "strong")
        for number, words in enumerate(head.lines):
            style = _HEAD.get(head.status, "") if number == 0 else "muted"
            yield _text(0, cut(words, self.columns, symbols=symbols), style)
        yield ""
        yield self._axis()
        count = 0
        for line, facts in self._job.spans():
            if count == ROWS:
                break
            count += 1
            yield self._span(self._rows.of(line, facts))
        yield from self._tail(count)

    def _tail(self, count: int) -> Iterator[str]:
        shown, _ = self._job.view.shown()
        more = len(shown) - count
        if more > 0:
            self._job.unshown = more
            yield _text(2, f"{self._symbols['more']} {more:,} more spans, which a picture has no room for", "muted")
        if self._job.gate.count:
            secrets = self._job.gate.count
            yield _text(2, f"{secrets:,} secret{'' if secrets == 1 else 's'} redacted", "muted")

    def _axis(self) -> str:
        words = ("start", "time", "tokens", "cost")
        parts = [_text(2, "span", "muted"), *self._right_aligned(words, ("muted",) * 4)]
        if self._bars:
            for at, label in axis_labels(self._rows.length):
                column = self._bar + _BAR * at / self._rows.length
                if column + len(label) <= self.columns:
                    parts.append(_text(column, label, "muted"))
        return "".join(parts)

    def _span(self, row: Row) -> str:
        symbols = self._symbols
        status = _STATUS.get(row.status, "")
        indent = min(row.depth, _DEEPEST)
        deep = f"{row.depth} " if row.depth > _DEEPEST else ""
        at, room = 2 + 2 * indent, _NAME - 2 * indent
        name = cut(f"{deep}{row.name}" or "(no name)", room - 2, symbols=symbols)
        parts = [_text(0, symbols.get(row.status), status)] if status else []
        parts += [_text(at, symbols[row.kind], row.kind), _text(at + 2, name, "muted" if row.is_context else "")]
        left = room - 4 - cell_width(name)
        if row.subject and left >= 5:
            parts.append(_text(at + 4 + cell_width(name), cut(row.subject, left, symbols=symbols), "muted"))
        red = "error" if row.is_cause else status if status == "open" else ""
        parts += self._right_aligned((row.start, row.time, row.tokens, row.cost), ("muted", red, "", ""))
        return "".join([*parts, self._drawn_bar(row, red)])

    def _right_aligned(self, texts: tuple[str, ...], styles: tuple[str, ...]) -> list[str]:
        parts, at = [], self._figures
        for text, style, cells in zip(texts, styles, (_START, _TIME, _TOKENS, _COST), strict=True):
            if text:
                parts.append(_text(at + cells - cell_width(text), text, style))
            at += cells + _GAP
        return parts

    def _drawn_bar(self, row: Row, red: str) -> str:
        """A line for what has spans below it; work is full on the critical path and half as high beside it."""
        if not self._bars or row.begin_ns is None or row.begin_ns < 0:
            return ""
        scale = _BAR * _CELL / self._rows.length
        x = self._bar * _CELL + min(row.begin_ns, self._rows.length) * scale
        width = max(1.0, min(row.length_ns or 0, self._rows.length) * scale)
        style, height = red or row.kind, 10 if row.is_critical or row.is_cause else 5
        if self._job.view.rollup(row.row) is not None:
            style, height = "open" if row.status == "open" else "rule", 2
        return f'<rect x="{x:.1f}" y="{-5 - height / 2:g}" width="{width:.1f}" height="{height}" class="{style}"/>'


def _text(column: float, text: str, style: str) -> str:
    """Text at a column, as wide as its cells."""
    if not text:
        return ""
    look = f' class="{style}"' if style else ""
    cells = f'textLength="{cell_width(text) * _CELL:.1f}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{column * _CELL:.1f}" {cells}{look}>{escaped(text)}</text>'
