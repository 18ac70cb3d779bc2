"""A conversation with a model as sections of the detail: roles, text, tool calls, and results with a bar at their left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracetui.core.model import Message
from tracetui.tui.presentation.detail import Look, Row, Section, body_section
from tracetui.tui.presentation.pieces import cut_pieces, width_of
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.wrap import one_line

GUTTER_FROM: Final = 90
"""Width from which on the roles stand in a gutter."""
GUTTER: Final = 14
MEASURE: Final = 78
"""Cells of a line of text at most, where it is wide enough."""


def messages(found: Sequence[Message], look: Look, first: int = 0) -> list[Section]:
    """A conversation from message `first` on: roles, text, tool calls, and results with a bar at their left."""
    sections: list[Section] = []
    for number, message in enumerate(found[first:], first):
        sections += _message_sections(number, message, look)
    return sections


def _message_sections(number: int, message: Message, look: Look) -> list[Section]:
    symbols = look.symbols
    is_result = bool(message.tool_name) or message.role in ("tool", "function")
    in_gutter = look.width >= GUTTER_FROM
    indent, measure = (GUTTER, MEASURE) if in_gutter else (2, 0)
    role: Row = [(one_line(message.role, GUTTER - 3, symbols) or "(no role)", "strong bold")]
    if is_result:
        role = [(f"{symbols['result']} result", "muted")]
    named: Row = [(one_line(message.tool_name, 60, symbols), "")] if message.tool_name else []
    lead: Row = []
    sections: list[Section] = []
    if in_gutter:
        lead = [("   " if is_result else " ", ""), *role]
        lead.append((" " * max(1, GUTTER - width_of(lead)), ""))
        if named:
            rows = [cut_pieces([*lead, *named], look.width, symbols)]
            sections.append(Section(f"m{number}", rows=rows, copies=[message.tool_name]))
            lead = []
    else:
        rows = [cut_pieces([*role, ("  ", ""), *named], look.width, symbols)]
        sections.append(Section(f"m{number}", rows=rows, copies=[message.text or message.tool_name or message.role]))
    if message.text:
        quoted = "muted" if is_result else ""
        part = Section(f"m{number}.text", text=message.text, indent=indent, measure=measure, quoted=quoted, lead=lead)
        part.tight, lead = bool(sections), []
        sections.append(part)
    for call, (name, arguments) in enumerate(message.tool_calls):
        before: Row = lead or [(" " * indent, "")]
        tool: Row = [*before, (f"{symbols['tool']} ", kind_style("tool")), (one_line(name, 80, symbols), "strong bold")]
        shown = [cut_pieces(tool, look.width, symbols)]
        head = Section(f"m{number}.c{call}", rows=shown, copies=[name], tight=bool(sections))
        section = body_section(f"m{number}.a{call}", "", arguments, "no arguments recorded")
        section.indent, section.tight, section.fact, lead = indent + 2, True, "", []
        sections += [head, section]
    if not message.text and not message.tool_calls:
        words: Row = [*(lead or [(" " * indent, "")]), ("empty", "muted")]
        sections.append(Section(f"m{number}.none", rows=[words], tight=bool(sections)))
    return sections
