"""The screen as SVG: cells of text with their colours. Nothing in it is fetched from elsewhere and nothing can act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from tracetui.core.exporting.picture import FONTS, escaped
from tracetui.core.text import cell_width, safe

_CELL: Final = 8.4
_LINE: Final = 17
"""As high as a letter of 14 px: lines that are drawn from row to row meet."""
_BASE: Final = 13
"""Baseline of a line."""
_DIM: Final = 0.6


def picture(lines: Iterable[Sequence[Segment]], columns: int, theme: TerminalTheme) -> str:
    """A picture of lines of cells.

    Args:
        lines: The lines of the screen; their texts are safe.
        columns: Cells of a line.
        theme: What the terminal's own colours are.
    """
    parts: list[str] = []
    rows = 0
    for line in lines:
        column = 0
        for segment in line:
            parts += _cells(segment.text, segment.style or Style.null(), column, rows, theme)
            column += cell_width(segment.text)
        rows += 1
    width, height = round(columns * _CELL), rows * _LINE
    background = theme.background_color.hex
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'xml:space="preserve">\n<style>text {{ font: 14px {FONTS}; white-space: pre }}</style>\n'
        f'<rect width="{width}" height="{height}" fill="{background}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _cells(text: str, style: Style, column: int, row: int, theme: TerminalTheme) -> list[str]:
    text = safe(text)
    front, back = _colours(style, theme)
    x, y, width = column * _CELL, row * _LINE, cell_width(text) * _CELL
    parts = []
    if back != theme.background_color.hex and text:
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_LINE}" fill="{back}"/>')
    if not text.strip():
        return parts
    look = f' fill="{front}"'
    look += ' font-weight="bold"' if style.bold else ""
    look += ' font-style="italic"' if style.italic else ""
    look += ' text-decoration="underline"' if style.underline else ""
    look += f' opacity="{_DIM}"' if style.dim else ""
    length = f' textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"'
    return [*parts, f'<text x="{x:.1f}" y="{y + _BASE}"{length}{look}>{escaped(text)}</text>']


def _colours(style: Style, theme: TerminalTheme) -> tuple[str, str]:
    front, back = (
        default.hex if colour is None or colour.is_default else colour.get_truecolor(theme).hex
        for colour, default in ((style.color, theme.foreground_color), (style.bgcolor, theme.background_color))
    )
    return (back, front) if style.reverse else (front, back)
