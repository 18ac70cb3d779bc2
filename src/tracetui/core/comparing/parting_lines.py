"""Where two runs part, and what differs in what spans were given, as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracetui.core.comparing.alignment import NONE
from tracetui.core.comparing.comparison import Comparison, Row
from tracetui.core.comparing.divergence import Parting, input_differences, output_differences
from tracetui.core.comparing.inputs import ANSWERING, Inputs
from tracetui.core.comparing.lines import rule
from tracetui.core.comparing.row_words import arrow
from tracetui.core.comparing.sides import Side
from tracetui.core.comparing.values import Difference, Differences
from tracetui.core.figures import count, duration
from tracetui.core.jsontext import json_text
from tracetui.core.model import ABSENT, Status
from tracetui.core.symbols import Symbols
from tracetui.core.text import cut, fit, safe

MOST_LINES: Final = 24
"""Lines of one difference that are shown without ``--full``."""


def parting_lines(
    comparison: Comparison, found: Parting, width: int, symbols: Symbols, *, full: bool = False
) -> Iterator[str]:
    """The section of the first divergence, with what differs in its input."""
    at = found.divergence
    yield ""
    if at is None:
        yield rule("First divergence", seen_words(found, symbols, at_all=True), width, symbols)
        stopped = " as far as was looked" if found.seen.stopped else ""
        yield f"  none: status, model, input and children of all spans are the same in substance{stopped}"
        yield from _answered(comparison, found, width, symbols)
        return
    row = comparison.row(at.row)
    yield rule("First divergence", seen_words(found, symbols), width, symbols)
    yield cut(_title(comparison, row, symbols) + f"  {what_differs(found, row, 'B', symbols)}", width, symbols=symbols)
    for letter, side, position in _both(comparison, row):
        yield cut(_side_line(letter, side, position, symbols), width, symbols=symbols)
    yield from _answered(comparison, found, width, symbols)
    if row.a != NONE and row.b != NONE:
        yield from _part("What was different in its input", input_differences(comparison, at.row), width, symbols, full)
        if row.outcomes[0] == row.outcomes[1] and at.why != "input":
            yield from _part("And in its output", output_differences(comparison, at.row), width, symbols, full)


def short_parting(letter: str, comparison: Comparison, found: Parting, width: int, symbols: Symbols) -> str:
    """Where a run parts from the first one, in a line."""
    if found.divergence is None:
        return f"{letter}  no difference in substance"
    row = comparison.row(found.divergence.row)
    what = what_differs(found, row, letter, symbols)
    return cut(f"{letter}  parts at {_title(comparison, row, symbols)}  {what}", width, symbols=symbols)


def what_differs(found: Parting, row: Row, letter: str, symbols: Symbols) -> str:
    """What differs where runs part, in a few words."""
    match "" if found.divergence is None else found.divergence.why:
        case "status":
            return f"{row.outcomes[0]} {arrow(symbols)} {row.outcomes[1]}"
        case "only_a":
            return "only in A"
        case "only_b":
            return f"only in {letter}"
        case why:
            return f"another {why}"


def texts_lines(
    comparison: Comparison, index: int, width: int, symbols: Symbols, *, full: bool = False
) -> Iterator[str]:
    """What differs in input and output of one row; nothing where nothing does."""
    parts = (
        ("input", input_differences(comparison, index)),
        ("output", output_differences(comparison, index)),
    )
    if not any(found is not None and found.found for _, found in parts):
        return
    yield ""
    yield cut(_title(comparison, comparison.row(index), symbols), width, symbols=symbols)
    for word, found in parts:
        yield from _part(f"What was different in its {word}", found, width, symbols, full, gap=False)


def _both(comparison: Comparison, row: Row) -> Iterator[tuple[str, Side, int]]:
    rows = comparison.alignment
    yield "A", comparison.one, int(rows.a[row.index])
    yield "B", comparison.other, int(rows.b[row.index])


def _title(comparison: Comparison, row: Row, symbols: Symbols) -> str:
    crumb = f" {symbols['crumb']} "
    path = crumb.join(safe(name) for name in comparison.path(row.index))
    return f"{symbols[row.kind.name]} {row.kind.name} {safe(row.name) or '(no name)'}  {path}".rstrip()


def _side_line(letter: str, side: Side, position: int, symbols: Symbols) -> str:
    if position == NONE:
        return f"  {letter}  {symbols.none}"
    status = Status(int(side.status[position])).name
    words = [f"  {letter}  {fit(status, 7)}  {fit(duration(side.duration(position), symbols), 7)}"]
    said = said_line(side, position)
    if said:
        words.append(said)
    return "  ".join(words).rstrip()


def said_line(side: Side, position: int) -> str:
    """What a span did, in a line: its error, else its output, else what it was given."""
    inputs = Inputs(side)
    detail = inputs.detail(position)
    if detail is None:
        return ""
    if detail.error is not None and side.status[position] == Status.error:
        error = detail.error
        return safe(
            f"{error.type}: {error.message}" if error.type and error.type not in error.message else error.message
        )
    last = next((message for message in reversed(detail.messages) if message.role in ANSWERING), None)
    if last is not None:
        calls = ", ".join(f"{name}({_one_line(arguments)})" for name, arguments in last.tool_calls[:_FEW])
        return safe(_one_line(last.text) or (f"calls {calls}" if calls else ""))
    said = inputs.said(position)
    value = said.output if said.output is not ABSENT else said.input
    return "" if value is ABSENT else safe(_one_line(value))


_FEW: Final = 3


def _one_line(value: object) -> str:
    text = value if isinstance(value, str) else json_text(value)
    return text[:_LONGEST].strip()


_LONGEST: Final = 500


def seen_words(found: Parting, symbols: Symbols, *, at_all: bool = False) -> str:
    """How many model calls before it had the same prompt."""
    seen = found.seen
    if seen.stopped:
        return f"inputs of the first {count(seen.pairs, symbols)} pairs compared"
    if not seen.calls:
        return "" if at_all else "no model call before it to compare"
    before = "" if at_all else " before it"
    calls = f"model call{'' if seen.calls == 1 else 's'}{before}"
    if seen.same_prompts == seen.calls:
        return (
            f"all {seen.calls} {calls} had the same prompt"
            if seen.calls > 1
            else f"the one {calls} had the same prompt"
        )
    return f"{seen.same_prompts} of {seen.calls} {calls} had the same prompt"


def _answered(comparison: Comparison, found: Parting, width: int, symbols: Symbols) -> Iterator[str]:
    if found.answered == NONE:
        return
    row = comparison.row(found.answered)
    title = _title(comparison, row, symbols)
    yield cut(f"  The first other output to the same input: {title}", width, symbols=symbols)


def _part(
    title: str, found: Differences | None, width: int, symbols: Symbols, full: bool, *, gap: bool = True
) -> Iterator[str]:
    if found is None or not found.found:
        return
    if gap:
        yield ""
    fact = f"{found.keys_different} of {found.keys} keys" if found.keys else ""
    if found.stopped:
        fact = "the beginning of it"
    elif found.approximate:
        fact = "aligned by count"
    yield rule(title, fact, width, symbols)
    lines = list(_lines(found, symbols))
    shown = lines if full else lines[:MOST_LINES]
    for line in shown:
        yield cut(line, max(width, 20), symbols=symbols) if not full else line
    if len(lines) > len(shown):
        yield f"  {symbols['more']} {count(len(lines) - len(shown), symbols)} more lines; --full shows them"
        return
    for name, value in found.same:
        yield cut(f"    {_key(name)}: {safe(_one_line(json_text(value)))}", width, symbols=symbols)


def _lines(found: Differences, symbols: Symbols) -> Iterator[str]:
    signs = {"-": symbols["removed"], "+": symbols["added"], " ": " "}
    for each in found.found:
        if each.lines and (len(each.lines) > 2 or not each.path):
            if each.path:
                yield f"  {safe(each.path)}:"
            for line in each.lines:
                if line.sign == "@":
                    yield f"    {symbols.cut} {line.text} equal lines"
                else:
                    yield f"  {signs[line.sign]} {safe(line.text)}"
            continue
        yield from _value_lines(each, symbols)


def _value_lines(each: Difference, symbols: Symbols) -> Iterator[str]:
    lead = f"{_key(each.path)}: " if each.path else ""
    texts = {line.sign: line.text for line in each.lines}
    for sign, value in (("-", each.a), ("+", each.b)):
        if value is not ABSENT:
            text = json_text(texts[sign]) if sign in texts else json_text(value)
            yield f"  {symbols['removed' if sign == '-' else 'added']} {lead}{safe(text[: 40 * _LONGEST])}"


def _key(path: str) -> str:
    return safe(json_text(path))
