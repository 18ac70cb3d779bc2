"""The overview and the attributes of a span as sections of the detail, most telling first.

Status and error, traceback, time, model, tokens, cost and where it comes from, the end of the conversation, input and
output, what is around it. Pure functions of `SpanFacts` and a `Look`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from tracetui.core import text
from tracetui.core.model import ABSENT, Clock, Flag, Message, Status
from tracetui.core.symbols import Symbols
from tracetui.core.text import cell_width, cut
from tracetui.tui.presentation.conversation import messages, pasted
from tracetui.tui.presentation.detail import (
    Look,
    Row,
    Section,
    body_section,
    copied_from,
    duration_words,
    has_content,
    labelled,
    more_is_gone,
    status_style,
    status_word,
    that_fit,
    wall_pieces,
)
from tracetui.tui.presentation.diffs import is_diff
from tracetui.tui.presentation.pieces import Piece, cut_pieces, spread, width_of
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.span_facts import Neighbour, SpanFacts
from tracetui.tui.presentation.traceback import MOST_CHARACTERS, frames_of, is_recent_first, traceback_rows
from tracetui.tui.presentation.wrap import one_line

LAST_MESSAGES: Final = 2
"""Messages of a conversation that the overview shows."""
MOST_ENTRIES: Final = 10_000
"""Entries of an input that are looked at to tell whether it is the conversation."""
_UNCUT: Final = 10_000
_RECORDED_DIGITS: Final = 12
_NOT: Final[Piece] = ("  not recorded", "muted")


def overview(facts: SpanFacts, look: Look) -> list[Section]:
    """The overview of a span, most telling first."""
    sections = [_status(facts, look)]
    if not look.compact:
        sections += _message(facts, look)
    sections += _problem(facts, look)
    sections.append(_figures(facts, look))
    sections += _traceback(facts, look)
    if look.compact:
        copies = _uncut(_usage_rows, facts, look)
        sections.append(Section("usage", rows=_usage_rows(facts, look), copies=copies, tight=True))
    sections += _texts(facts)
    sections += _conversation(facts, look)
    sections += _bodies(facts)
    sections += _around(facts, look)
    return [section for section in sections if section.title or has_content(section)]


def _status(facts: SpanFacts, look: Look) -> Section:
    symbols = look.symbols
    kind, message = _error(facts)
    left: Row = [(f"{symbols.get(facts.status.name)} {status_word(facts)}".lstrip(), status_style(facts))]
    if kind:
        left += [
            ("  ", ""),
            (one_line(kind, look.width, symbols) + (":" if look.compact and message else ""), "status-error"),
        ]
    if look.compact and message:
        left += [(" " if kind else "  ", ""), (one_line(message, look.width, symbols), "strong bold")]
    if facts.is_open:
        left += [("  ", ""), (duration_words(facts, symbols), _open_style(facts))]
        if facts.given_up:
            left.append((f"  {facts.given_up}", "status-warning"))
        elif facts.same.p95 is not None:
            slow = (facts.duration or 0) > facts.same.p95
            words = f"  p95 {text.duration(facts.same.p95, symbols)}: {'longer than usual' if slow else 'not slow'}"
            left.append((words, "status-warning" if slow else "muted"))
    elif look.compact and not kind and not message:
        left += _figures_in_one(facts, look)
    elif not kind and not message:
        left += [("  ", ""), (duration_words(facts, symbols), "")]
    cause = _cause(facts)
    if not _fits_beside(left, cause, look):
        cause = []
    told = f"{kind}: {message}" if kind and message else kind or message or status_word(facts)
    return Section("status", rows=[spread(left, cause, look.width, symbols)], copies=[told])


def _open_style(facts: SpanFacts) -> str:
    return "status-warning" if facts.given_up else "status-open"


def _fits_beside(left: Row, right: Row, look: Look) -> bool:
    return look.compact or width_of(left) + 2 + width_of(right) <= look.width


def _cause(facts: SpanFacts) -> Row:
    if facts.cause is None:
        return []
    number, total = facts.cause
    if total == 1:
        return [("the only cause", "muted")]
    return [(f"{'first cause  ' if facts.is_first_cause else 'cause '}{number} of {total}", "muted")]


def _message(facts: SpanFacts, look: Look) -> list[Section]:
    """The message of an error, whole, then how the run went on."""
    _, message = _error(facts)
    sections = []
    if message:
        sections.append(Section("message", text=message, style="strong bold", indent=2, tight=True))
    elif facts.status is Status.error:
        words = "failed without a message" if not facts.problem else ""
        sections.append(Section("message", rows=[[("  ", ""), (words, "muted")]] if words else [], tight=True))
    words = _outcome(facts)
    head: Row = [(f"{look.symbols['error']} error  {_error(facts)[0]}", "")]
    if facts.cause is not None and not _fits_beside(head, _cause(facts), look):
        # Where the type of the error needs the line above, which cause it is stands here.
        words = ", ".join(part for part in (_cause(facts)[0][0].replace("  ", " "), words) if part)
    if words:
        sections.append(Section("outcome", text=words, style="muted", indent=2, tight=True))
    return sections


def _outcome(facts: SpanFacts) -> str:
    """`attempt 3 of 3, not recovered`."""
    parts = []
    if facts.retries and facts.status is Status.error:
        parts.append(f"attempt {facts.retries + 1} of {facts.retries + 1}")
    if facts.status is Status.error and facts.recovered is not None:
        parts.append("recovered" if facts.recovered else "not recovered")
    return ", ".join(parts)


def _problem(facts: SpanFacts, look: Look) -> list[Section]:
    symbols = look.symbols
    if facts.problem == "gone":
        return [more_is_gone(look)]
    size = text.bytes_size(facts.size, symbols)
    if facts.problem == "reading":
        return [Section("reading", rows=[[(f"reading {size}{symbols.reading}", "muted")]])]
    if facts.problem in ("large", "dense"):
        row: Row = [(f"{size}, enter parses all", ""), ("  Raw shows its beginning", "muted")]
        return [Section("large", rows=[cut_pieces(row, look.width, symbols)])]
    return []


def _figures(facts: SpanFacts, look: Look) -> Section:
    if look.compact:
        told = not facts.is_open and not any(_error(facts))
        rows = [] if told else [_figures_in_one(facts, look)]
        copies = _uncut(lambda facts, look: [_figures_in_one(facts, look)], facts, look)
        return Section("figures", rows=rows, copies=copies, tight=True)
    return Section("figures", rows=_figure_rows(facts, look), copies=_uncut(_figure_rows, facts, look))


def _figure_rows(facts: SpanFacts, look: Look) -> list[Row]:
    return [*_time_rows(facts, look), *_usage_rows(facts, look), *_marks(facts, look)]


def _uncut(draw: Callable[[SpanFacts, Look], list[Row]], facts: SpanFacts, look: Look) -> list[str]:
    """What is copied from rows that are cut at the width of the pane."""
    return [copied_from(row) for row in draw(facts, replace(look, width=_UNCUT))]


def _figures_in_one(facts: SpanFacts, look: Look) -> Row:
    """`attempt 3 of 3, not recovered   1m31s  own 1m31s  12% of the run  +2m04s`."""
    row: Row = [("  ", "")]
    if words := _outcome(facts):
        row.append((words + "   ", "muted"))
    row.append((duration_words(facts, look.symbols), ""))
    row += [(f"  {words}", "muted") for words in _beside_time(facts, look.symbols)]
    if facts.start is not None and facts.run_start is not None:
        row.append((f"  {text.offset(facts.start - facts.run_start, look.symbols)}", "muted"))
    return cut_pieces(row, look.width, look.symbols)


def _beside_time(facts: SpanFacts, symbols: Symbols) -> list[str]:
    words = []
    if facts.own is not None:
        words.append(f"own {text.duration(facts.own, symbols)}")
    if facts.duration is not None and facts.run_duration:
        words.append(f"{text.share(min(1.0, facts.duration / facts.run_duration), symbols)} of the run")
    return words


def _time_rows(facts: SpanFacts, look: Look) -> list[Row]:
    symbols = look.symbols
    if facts.start is None and facts.end is None:
        return [labelled("time", [(symbols.none, ""), ("  not recorded", "muted")], look)]
    time: Row = [(duration_words(facts, symbols), _open_style(facts) if facts.is_open else "")]
    if facts.duration is None:
        time.append(("  end not recorded" if facts.start is not None else "  start not recorded", "muted"))
    rows = [
        labelled(
            "time", that_fit(time, [("   " + words, "muted") for words in _beside_time(facts, symbols)], look), look
        )
    ]
    if facts.gaps:
        rows.append(labelled("idle", _gap_words(facts, look), look))
    if facts.start is not None:
        since = None if facts.run_start is None else facts.start - facts.run_start
        worked_out = bool(facts.flags & Flag.start_inferred)
        started: Row = [(text.marked(text.offset(since, symbols), worked_out, symbols=symbols), "")]
        started += wall_pieces(facts.start, facts.clock, look, width_of(started))
        rows.append(labelled("started", started, look))
    if facts.retries:
        times = "  ".join(text.duration(attempt, symbols) for attempt in facts.attempts[:8])
        more = f" {symbols.cut}" if len(facts.attempts) > 8 else ""
        attempts: Row = [
            (times + more + "  " if times else "", ""),
            (f"{symbols['retry']}{facts.retries}", "status-warning"),
        ]
        rows.append(labelled("attempts", [piece for piece in attempts if piece[0]], look))
    return rows


def _gap_words(facts: SpanFacts, look: Look) -> Row:
    """`1m20s in 3 gaps, longest 40.1s at +2m03s`: when nothing ran inside it."""
    symbols, gaps = look.symbols, facts.gaps
    total = text.duration(sum(end - start for start, end in gaps), symbols)
    start, end = max(gaps, key=lambda gap: gap[1] - gap[0])
    at = f" at {text.offset(start - facts.run_start, symbols)}" if facts.run_start is not None else ""
    if len(gaps) == 1:
        return [(total, ""), (f"  in one gap{at}", "muted")]
    more = f", longest {text.duration(end - start, symbols)}{at}"
    return that_fit([(total, ""), (f"  in {len(gaps)} gaps", "muted")], [(more, "muted")], look)


def _usage_rows(facts: SpanFacts, look: Look) -> list[Row]:
    symbols, rows = look.symbols, []
    if facts.model or facts.kind == "llm":
        model: Row = [(one_line(facts.model, look.width, symbols), "")] if facts.model else [(symbols.none, ""), _NOT]
        if facts.detail.provider:
            model.append((f"  {one_line(facts.detail.provider, look.width, symbols)}", "muted"))
        rows.append(labelled("model", model, look))
    usage = facts.usage
    if usage is None and facts.kind != "llm":
        return rows
    rows.append(labelled("tokens", _tokens(facts, symbols), look))
    cost = facts.cost
    if cost.usd is not None:
        # Sums of binary fractions have digits that nobody recorded.
        figure = text.cost_full(float(f"{cost.usd:.{_RECORDED_DIGITS}g}"), symbols)
        is_computed = cost.computed is not None
        origin = f"  computed, {cost.origin}" if is_computed else "  recorded"
        marked = text.marked(figure, is_computed, cost.partial, symbols)
        rows.append(labelled("cost", [(marked, ""), (origin, "muted")], look))
    elif facts.kind == "llm":
        why: Piece = ("  until it ends", "muted") if facts.is_open and not facts.given_up else _NOT
        rows.append(labelled("cost", [(symbols.none, ""), why], look))
    return rows


def _tokens(facts: SpanFacts, symbols: Symbols) -> Row:
    """`3,645  in 3,571 (cached 32)  out 74 (reasoning 12)`; a total that nobody recorded is worked out and marked."""
    usage = facts.usage
    if usage is None or all(
        figure is None for figure in (usage.total, usage.input, usage.output, usage.cached, usage.reasoning)
    ):
        return [(symbols.none, ""), ("  until it ends", "muted") if facts.is_open and not facts.given_up else _NOT]
    total, worked_out = usage.total, False
    if total is None:
        total, worked_out = (usage.input or 0) + (usage.output or 0), True
    partial = worked_out and (usage.input is None or usage.output is None)
    pieces: Row = [(text.marked(text.exact(total, symbols), worked_out and not partial, partial, symbols), "")]
    inside = [("cached", usage.cached), ("written to cache", usage.cache_write)]
    pieces += _part("in", usage.input, inside, facts, symbols)
    return pieces + _part("out", usage.output, [("reasoning", usage.reasoning)], facts, symbols)


def _part(
    word: str, figure: int | None, inside: list[tuple[str, int | None]], facts: SpanFacts, symbols: Symbols
) -> Row:
    is_coming = figure is None and facts.is_open and not facts.given_up
    shown = symbols.reading if is_coming else text.exact(figure, symbols)
    pieces: Row = [(f"  {word} ", "muted"), (shown, "")]
    known = [f"{name} {text.exact(number, symbols)}" for name, number in inside if number is not None]
    return [*pieces, (f" ({', '.join(known)})", "muted")] if known else pieces


def _marks(facts: SpanFacts, look: Look) -> list[Row]:
    """What the marks in the figures above mean, in words."""
    symbols, worked_out, usage = look.symbols, [], facts.usage
    if facts.flags & Flag.start_inferred:
        worked_out.append("start")
    if facts.flags & Flag.end_inferred:
        worked_out.append("end")
    if facts.flags & Flag.parent_inferred:
        worked_out.append("parent (by time)")
    if facts.clock is Clock.assumed:
        worked_out.append("zone (yours is assumed)")
    if facts.clock is Clock.relative:
        worked_out.append("times (durations laid end to end)")
    has_tokens = usage is not None and usage.total is None and (usage.input is not None or usage.output is not None)
    if has_tokens and usage is not None and usage.input is not None and usage.output is not None:
        worked_out.append("total (in + out)")
    rows = []
    if worked_out:
        rows.append(
            cut_pieces([(f"{symbols.computed} worked out here: {', '.join(worked_out)}", "muted")], look.width, symbols)
        )
    if has_tokens and usage is not None and (usage.input is None or usage.output is None):
        rows.append(
            cut_pieces([(f"{symbols.at_least} at least: a part is not recorded", "muted")], look.width, symbols)
        )
    return rows


def _traceback(facts: SpanFacts, look: Look) -> list[Section]:
    error = facts.detail.error
    if error is None or not error.traceback.strip():
        return []
    if len(error.traceback) > MOST_CHARACTERS:
        fact = f"{text.exact(len(error.traceback), look.symbols)} characters"
        return [Section("traceback", "Traceback", fact, text=error.traceback)]
    rows = traceback_rows(error.traceback, look.width, look.compact, look.symbols)
    first = is_recent_first(frames_of(error.traceback))
    fact = "" if first is None or look.compact else "most recent first" if first else "most recent last"
    return [Section("traceback", "Traceback", fact, rows=rows, copies=[error.traceback])]


def _texts(facts: SpanFacts) -> list[Section]:
    if not facts.detail.logs:
        return []
    number = len(facts.detail.logs)
    return [
        Section("logs", "Log", f"{number:,} {'line' if number == 1 else 'lines'}", text="\n".join(facts.detail.logs))
    ]


def _bodies(facts: SpanFacts) -> list[Section]:
    """Input and output, or why there is none."""
    if facts.problem:
        return []
    detail, sections = facts.detail, []
    if not _is_told(detail.input, detail.messages):
        sections.append(_body("input", "Input", detail.input, "none recorded", facts))
    why = "none recorded"
    if facts.status is Status.error:
        why = "none: the span failed before it returned"
    elif facts.given_up:
        why = f"none: {facts.given_up}"
    elif facts.is_open:
        why = "none yet: the span is open"
    elif facts.status is Status.skipped:
        why = "none: the span was skipped"
    if not _is_told(detail.output, detail.messages):
        sections.append(_body("output", "Output", detail.output, why, facts))
    return sections


def _body(key: str, title: str, value: object, why_none: str, facts: SpanFacts) -> Section:
    """An input or output; a text laid out as what a model reads and writes, or as a diff where it is one."""
    section = body_section(key, title, value, why_none)
    if section.text is not None and value is not ABSENT:
        section.sort = "diff" if is_diff(section.text) else "markdown" if facts.kind in _TALKING else ""
    return section


_TALKING: Final = ("llm", "agent", "chain")
"""Kinds whose inputs and outputs are written by people and models."""


def _conversation(facts: SpanFacts, look: Look) -> list[Section]:
    """The end of the conversation with the model, which is what the call was about; all of it has its own tab."""
    found = facts.detail.messages
    if not found:
        return []
    last = len(found) - LAST_MESSAGES
    answer = facts.detail.reply
    first = max(0, last if answer is None else min(last, answer - 1))
    fact = "all" if not first else f"last {len(found) - first} of {len(found):,}"
    rule = Section("conversation", "Messages", fact, rows=[], copies=[pasted(found[first:])])
    said = messages(found, look, first)
    said[0].tight = True
    return [rule, *said]


def _is_told(value: object, found: Sequence[Message]) -> bool:
    """Whether an input or output is what the messages say already."""
    if not found or value is ABSENT:
        return False
    if isinstance(value, str):
        return any(value == message.text for message in found)
    entries = value if isinstance(value, list) else [value]
    return bool(entries) and all(isinstance(entry, dict) and "role" in entry for entry in entries[:MOST_ENTRIES])


def _around(facts: SpanFacts, look: Look) -> list[Section]:
    rows: list[Row] = []
    copies: list[str] = []
    for label, neighbour in (("before", facts.before), ("after", facts.after)):
        if neighbour is not None:
            rows.append(_neighbour_row(label, neighbour, look))
            copies.append(neighbour.name)
    if facts.same.count:
        rows.append(_same_row(facts, look))
        copies.append(facts.name)
    return [Section("around", "Around it", rows=rows, copies=copies)] if rows else []


def _neighbour_row(label: str, neighbour: Neighbour, look: Look) -> Row:
    symbols = look.symbols
    left: Row = [
        (label.ljust(8), "muted"),
        (f"{symbols[neighbour.kind]} ", kind_style(neighbour.kind)),
        (one_line(neighbour.name, max(8, look.width // 2), symbols), ""),
    ]
    style = "status-error" if neighbour.status is Status.error else "muted"
    word = "ended" if neighbour.status is Status.unset else neighbour.status.name
    shown = f"{symbols['error']} {word}" if neighbour.status is Status.error else word
    right: Row = [(f"{shown}  {text.duration(neighbour.duration, symbols):>6}", style)]
    return spread(left, right, look.width, symbols)


def _same_row(facts: SpanFacts, look: Look) -> Row:
    same, symbols = facts.same, look.symbols
    words = "all ok" if not same.failed else f"{text.count(same.failed)} failed"
    p95 = "" if same.p95 is None else f", p95 {text.duration(same.p95, symbols)}"
    name = one_line(facts.name, max(8, look.width // 2), symbols)
    pieces: Row = [("same".ljust(8), "muted"), (text.count(same.count), ""), (f" other {name}, {words}{p95}", "muted")]
    return cut_pieces(pieces, look.width, symbols)


def _error(facts: SpanFacts) -> tuple[str, str]:
    """Type and message, without saying the type twice."""
    error = facts.detail.error
    if error is None:
        return "", ""
    kind, message = error.type, error.message
    if kind and message.startswith(f"{kind}: "):
        message = message[len(kind) + 2 :]
    if not message and error.traceback and len(error.traceback) <= MOST_CHARACTERS:
        last = error.traceback.strip().rpartition("\n")[2]
        message = last.removeprefix(f"{kind}: ") if kind else last
    return kind, message


def attributes(facts: SpanFacts, look: Look) -> list[Section]:
    """What the producer recorded beside all that has a place of its own, by families of dotted keys; then what we added."""
    found = facts.detail.attributes
    sections = []
    if found:
        value, groups = grouped(found)
        sections.append(Section("attributes", value=value, columns=True, groups=groups))
    elif not facts.problem:
        sections.append(
            Section(
                "attributes",
                rows=[
                    [("No attributes.", "strong bold")],
                ],
            )
        )
    if rows := _worked_out_rows(facts, look):
        sections.append(Section("worked out", "worked out here", rows=rows))
    return sections


def _worked_out_rows(facts: SpanFacts, look: Look) -> list[Row]:
    """What no record says and we show all the same: figure, and how it was found."""
    symbols, usage, found = look.symbols, facts.usage, []
    if usage is not None and usage.total is None and usage.input is not None and usage.output is not None:
        found.append(("total tokens", text.exact(usage.input + usage.output, symbols), "input + output"))
    if facts.flags & Flag.parent_inferred:
        found.append(("parent", one_line(facts.path[-1], 200, symbols) if facts.path else symbols.none, "by time"))
    since = None if facts.start is None or facts.run_start is None else facts.start - facts.run_start
    if facts.flags & Flag.start_inferred:
        found.append(("start", text.offset(since, symbols), "by the records around it"))
    if facts.flags & Flag.end_inferred:
        found.append(("time", text.duration(facts.duration, symbols), "by the records around it"))
    cells = max([6, min(42, look.width * 2 // 5), *(cell_width(label) + 3 for label, _, _ in found)])
    return [
        spread(
            [("  " + cut(label, cells - 3, symbols=symbols).ljust(cells - 2), "muted"), (f"{symbols.computed}{figure}", "")],
            [(why, "muted")], look.width, symbols,
        )
        for label, figure, why in found
    ]  # fmt: skip


def grouped(found: dict[str, object]) -> tuple[dict[str, object], frozenset[str]]:
    """Keys of the same first part (`gen_ai.…`) together, where three or more share it; the others first, as they were."""
    families: dict[str, list[str]] = {}
    for key in found:
        first, dot, rest = str(key).partition(".")
        if dot and first and rest:
            families.setdefault(first, []).append(key)
    groups = frozenset(first for first, keys in families.items() if len(keys) >= 3 and first not in found)
    plain = {key: value for key, value in found.items() if str(key).partition(".")[0] not in groups}
    alone = {key: value for key, value in plain.items() if not isinstance(value, dict)}
    shown: dict[str, object] = {
        first: {str(key).partition(".")[2]: found[key] for key in families[first]}
        for first in families
        if first in groups
    }
    return {**alone, **shown, **plain}, groups
