"""A conversation with a model as sections of the detail: roles, text, tool calls with their results under them.

By default what was added since the call before and the answer; all that was sent on a key. What people and models write is
laid out as Markdown; what tools return is shown as it is, diffs coloured, code of a file by the file's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tracetui.core import text
from tracetui.core.bodies import NOT_JSON, json_in_text
from tracetui.core.conversations import Conversation
from tracetui.core.jsontext import json_text
from tracetui.core.model import Message, Usage
from tracetui.core.text import cell_width
from tracetui.tui.presentation.detail import Look, Row, Section, body_section
from tracetui.tui.presentation.diffs import is_diff, replaced
from tracetui.tui.presentation.highlighting import language_of_file
from tracetui.tui.presentation.pieces import cut_pieces, spread, width_of
from tracetui.tui.presentation.rows import kind_style
from tracetui.tui.presentation.wrap import one_line

GUTTER_FROM: Final = 90
"""Width from which on the roles stand in a gutter."""
GUTTER: Final = 14
MEASURE: Final = 78
"""Cells of a line of text at most, where it is wide enough."""
ROWS: Final = 40
"""Rows of a message before one asks for more."""
SHOWN: Final = 20
"""Messages of one part that are laid out before one asks for more: each costs a millisecond."""
RESULT_ROWS: Final = 12
"""Rows of a tool's result before one asks for more."""

_TELLING: Final = (
    *("command", "cmd", "query", "q", "question", "url", "file_path", "path", "filename", "pattern", "expression"),
    *("description", "prompt", "task", "title", "name", "city", "symbol", "id"),
)
"""Arguments by how much they tell about a call, most telling first."""
_STRONG: Final = frozenset(_TELLING[:11])
"""Those that stand for the whole call."""
_FILE_KEYS: Final = ("file_path", "path", "filename", "file", "notebook_path")
_EDITS: Final = (("old_string", "new_string"), ("old_str", "new_str"), ("old_text", "new_text"))
_LANGUAGES: Final = {"code": "python", "command": "bash", "cmd": "bash", "script": "bash", "sql": "sql"}
"""Arguments that hold code."""
_PROSE: Final = ("prompt", "description", "message", "task", "question", "plan")
_LEAD: Final = 200
_SMALL: Final = 4
_SHORT: Final = 60
_EXIT: Final = re.compile(r"(?:Error: )?Exit code (\d{1,9})(?:\n|$)")
_PARSED: Final = 65_536


@dataclass(slots=True)
class _Turn:
    """A message, and of each of its calls the result, if it is there."""

    message: Message
    number: int
    results: list[Message | None] = field(default_factory=list)


def messages(found: Sequence[Message], look: Look, first: int = 0, prefix: str = "m") -> list[Section]:
    """A conversation from message `first` on, each tool's result under its call.

    Args:
        found: The messages, in order.
        look: How things are to be shown.
        first: From which message on.
        prefix: Tells the keys of these sections from those of other parts.
    """
    sections: list[Section] = []
    role, returned = "", False
    for turn in _turns(found[first:], first):
        # What a tool returned is nothing that the model said: what it says next is told from it.
        is_new = turn.message.role != role or not role or (returned and bool(turn.message.text))
        own = _turn_sections(turn, look, prefix, is_new)
        # What a model calls belongs to what it said just before.
        own[0].tight = own[0].tight or (not is_new and not turn.message.text)
        sections += own
        role, returned = turn.message.role, any(result is not None for result in turn.results)
    return sections


def last_messages(found: Sequence[Message], look: Look, most: int, prefix: str = "m") -> tuple[list[Section], int]:
    """The last `most` messages, behind a row that says how many come before them; and that number."""
    hidden = max(0, len(found) - most)
    sections = messages(found, look, hidden, prefix)
    if hidden:
        sections.insert(0, Section(f"{prefix}.older", rows=[older_row(hidden, look)]))
    return sections, hidden


def older_row(hidden: int, look: Look) -> Row:
    """`▸ 340 older messages  enter shows more`."""
    words = f"{look.symbols['fold_closed']} {_count(hidden, 'older message', look)}"
    return cut_pieces([(words, ""), ("  enter shows more", "muted")], look.width, look.symbols)


def _turns(found: Sequence[Message], first: int) -> list[_Turn]:
    """Messages with the results of their calls: by id, and where there is none by name and order."""
    by_id = {message.answers: at for at, message in enumerate(found) if message.answers and _is_result(message)}
    taken: set[int] = set()
    turns: list[_Turn] = []
    waiting: list[tuple[_Turn, int]] = []
    of_place: dict[int, _Turn] = {}
    for at, message in enumerate(found):
        turn = of_place[at] = _Turn(message, first + at, [None] * len(message.tool_calls))
        for call in range(len(message.tool_calls)):
            ident = message.call_ids[call] if call < len(message.call_ids) else ""
            place = by_id.get(ident, -1) if ident else -1
            if place > at and place not in taken:
                turn.results[call] = found[place]
                taken.add(place)
            else:
                waiting.append((turn, call))
        if not _is_result(message) or at in taken:
            continue
        asked = next((one for one in waiting if one[0].message.tool_calls[one[1]][0] == message.tool_name), None)
        asked = asked or (waiting[0] if waiting and not message.tool_name else None)
        if asked is not None:
            waiting.remove(asked)
            asked[0].results[asked[1]] = message
            taken.add(at)
    for at in range(len(found)):
        if at not in taken:
            turns.append(of_place[at])
    return turns


def _is_result(message: Message) -> bool:
    return bool(message.tool_name) or message.role in ("tool", "function")


def _turn_sections(turn: _Turn, look: Look, prefix: str, is_new: bool) -> list[Section]:
    message, key = turn.message, f"{prefix}{turn.number}"
    if _is_result(message):
        return _result_sections(message, None, look, key, is_tight=False)
    in_gutter = look.width >= GUTTER_FROM
    indent, measure = (GUTTER, MEASURE) if in_gutter else (2, 0)
    sections: list[Section] = []
    lead: Row = []
    if is_new:
        role: Row = [(one_line(message.role, GUTTER - 3, look.symbols) or "(no role)", _role_style(message))]
        if in_gutter:
            lead = [(" ", ""), *role]
            lead.append((" " * max(1, GUTTER - width_of(lead)), ""))
        else:
            copies = [message.text or message.role]
            sections.append(Section(key, rows=[cut_pieces(role, look.width, look.symbols)], copies=copies))
    if message.text:
        part = Section(f"{key}.text", text=message.text, indent=indent, measure=measure, lead=lead, most=ROWS)
        part.tight, lead = bool(sections), []
        if message.role == "thinking":
            part.style, part.most = "muted", RESULT_ROWS
        else:
            part.sort = "diff" if is_diff(message.text) else "markdown"
        sections.append(part)
    for call, (name, arguments) in enumerate(message.tool_calls):
        sections += _call_sections(name, arguments, turn.results[call], look, f"{key}.{call}", lead, bool(sections))
        lead = []
    if not message.text and not message.tool_calls:
        words: Row = [*(lead or [(" " * indent, "")]), ("empty", "muted")]
        sections.append(Section(f"{key}.none", rows=[words], tight=bool(sections)))
    return sections


def _role_style(message: Message) -> str:
    return "muted" if message.role == "thinking" else "strong bold"


# ---------------------------------------------------------------- tool calls


def _call_sections(
    name: str, arguments: object, result: Message | None, look: Look, key: str, lead: Row, is_tight: bool
) -> list[Section]:
    """A call with its most telling argument beside it, the others under it, then its result."""
    symbols = look.symbols
    indent = GUTTER if look.width >= GUTTER_FROM else 2
    given = _opened(arguments)
    telling, rest = _telling(given)
    beside = _small_row(_arguments(given), look, 2)
    if beside is not None and (telling is None or telling[0] not in _STRONG):
        telling, rest = None, {}
    else:
        beside = None
    row: Row = [*(lead or [(" " * indent, "")]), (f"{symbols['tool']} ", kind_style("tool"))]
    row.append((one_line(name, 80, symbols) or "(no name)", "strong bold"))
    if beside is not None and width_of(row) + width_of(beside) > look.width:
        telling, rest, beside = None, _arguments(given), None
    if beside is not None:
        row += beside
    elif telling:
        row.append(("  " + one_line(telling[1], max(8, look.width - width_of(row) - 2), symbols), ""))
    elif given is None:
        row.append(("  no arguments recorded", "muted"))
    whole = telling[1] if telling else _as_text(given) if beside is not None else name
    sections = [Section(key, rows=[cut_pieces(row, look.width, symbols)], copies=[whole], tight=is_tight)]
    file = _file_of(given)
    sections += _argument_sections(rest, file, look, key, indent + 2)
    if result is not None:
        is_read = bool(file) and not any(
            isinstance(value, str) and value for k, value in rest.items() if k not in _FILE_KEYS
        )
        sections += _result_sections(result, file if is_read else "", look, f"{key}.r", is_tight=True)
    return sections


def _opened(arguments: object) -> object:
    """Arguments; JSON text as what it holds."""
    if isinstance(arguments, str) and len(arguments) <= _PARSED:
        parsed = json_in_text(arguments)
        return ({} if arguments.strip() == "{}" else arguments) if parsed is NOT_JSON else parsed
    return arguments


def _telling(given: object) -> tuple[tuple[str, str] | None, dict[str, object]]:
    """The argument that stands beside the name, with its key, and the others."""
    rest = _arguments(given)
    others = [key for key in list(rest)[:_SMALL] if isinstance(rest[key], str)]
    for key in (*(key for key in _TELLING if key in rest), *others):
        value = rest[key]
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value) if isinstance(value, float) or value.bit_length() < 200 else ""
        if isinstance(value, str) and value and len(value) <= _LEAD and "\n" not in value:
            del rest[key]
            return (key, value), rest
    return None, rest


def _arguments(given: object) -> dict[str, object]:
    """Arguments by name; what is no object under an empty one."""
    if not isinstance(given, dict):
        return {} if given is None else {"": given}
    return {str(key): value for key, value in given.items()}


def _as_text(given: object) -> str:
    return given if isinstance(given, str) else json_text(given)


def _file_of(given: object) -> str:
    if not isinstance(given, dict):
        return ""
    return next((value for key in _FILE_KEYS if isinstance(value := given.get(key), str)), "")


def _argument_sections(rest: dict[str, object], file: str, look: Look, key: str, indent: int) -> list[Section]:
    """The arguments of a call that do not stand beside its name: an edit as a diff, a long text by itself."""
    if not rest:
        return []
    rest = dict(rest)
    found: list[Section] = []
    for old, new in _EDITS:
        before, after = rest.get(old), rest.get(new)
        if isinstance(before, str) and isinstance(after, str) and len(before) + len(after) <= _PARSED:
            del rest[old], rest[new]
            words = "\n".join(replaced(before, after))
            found.append(_quoted(f"{key}.edit", words, indent, "diff", ""))
            break
    texts = [name for name, value in rest.items() if isinstance(value, str) and ("\n" in value or len(value) > _LEAD)]
    if len(texts) == 1 and json_in_text(str(rest[texts[0]])[:_PARSED]) is NOT_JSON:
        words = str(rest.pop(texts[0]))
        language = language_of_file(file) or _LANGUAGES.get(texts[0], "")
        sort = "diff" if is_diff(words) else "code" if language else "markdown" if texts[0] in _PROSE else ""
        found.append(_quoted(f"{key}.text", words, indent, sort, language))
    if (small := _small_row(rest, look, indent)) is not None:
        copies = [", ".join(f"{name}: {_plain(value)}" for name, value in rest.items())]
        return [Section(f"{key}.small", rows=[small], copies=copies, tight=True), *found]
    if rest:
        value: object = rest[""] if set(rest) == {""} else rest
        section = body_section(f"{key}.rest", "", value, "")
        section.indent, section.tight, section.fact = indent, True, ""
        found.append(section)
    return found


def _quoted(key: str, words: str, indent: int, sort: str, language: str) -> Section:
    return Section(
        key, text=words, indent=indent, sort=sort, language=language, quoted="muted", tight=True, most=RESULT_ROWS
    )


def _small_row(rest: dict[str, object], look: Look, indent: int) -> Row | None:
    """A few short arguments in one row; None where they need more."""
    if not rest or "" in rest or len(rest) > _SMALL or not all(map(_is_small, rest.values())):
        return None
    row: Row = [(" " * indent, "")]
    for name, value in rest.items():
        row.append((one_line(name, 24, look.symbols) + " ", "muted"))
        row.append((one_line(_plain(value), _SHORT, look.symbols) + "  ", ""))
    return row if width_of(row) <= look.width else None


def _is_small(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _SHORT and "\n" not in value
    if isinstance(value, list):
        few = len(value) <= 2 * _SMALL and not any(isinstance(item, list | dict) for item in value)
        return few and all(map(_is_small, value)) and len(json_text(value)) <= _SHORT
    return value is None or isinstance(value, float) or (isinstance(value, int) and value.bit_length() < 200)


def _plain(value: object) -> str:
    """A short value as JSON says it, a text without its quotes."""
    return value if isinstance(value, str) else json_text(value)


# ---------------------------------------------------------------- results


def _result_sections(message: Message, file: str | None, look: Look, key: str, is_tight: bool) -> list[Section]:
    """What a tool returned; beside its heading where that is one short line. `file` is None where its call is not here."""
    symbols = look.symbols
    in_gutter = look.width >= GUTTER_FROM
    indent = GUTTER if in_gutter else 2
    head: Row = [("   " if in_gutter else "", ""), (f"{symbols['result']} result", "muted")]
    head.append((" " * max(1, indent - width_of(head)) if in_gutter else "  ", ""))
    if file is None and message.tool_name:
        head += [(one_line(message.tool_name, 60, symbols), ""), ("  ", "")]
    words = message.text
    if message.failed:
        code = _EXIT.match(words)
        head.append((f"{symbols['error']} {f'exit {code[1]}' if code else 'failed'}", "status-error"))
        words = words[code.end() :] if code else words
    elif not words:
        head.append(("empty", "muted"))
    elif "\n" not in words:
        beside: Row = [*head, (words if len(words) <= _LEAD else "", "")]
        if len(words) <= _LEAD and width_of(beside) <= look.width:
            row = [*head, (one_line(words, look.width, symbols), "")]
            return [Section(key, rows=[cut_pieces(row, look.width, symbols)], copies=[message.text], tight=is_tight)]
    returned = _returned(message, words, file or "", f"{key}.text", indent)
    if in_gutter and width_of(head) <= indent and returned and returned[0].text is not None:
        returned[0].lead, returned[0].tight = head, is_tight
        return returned
    copies = [message.text or message.tool_name or message.role]
    sections = [Section(key, rows=[cut_pieces(head, look.width, symbols)], copies=copies, tight=is_tight)]
    return [*sections, *returned]


def _returned(message: Message, words: str, file: str, key: str, indent: int) -> list[Section]:
    if not words:
        return []
    if not message.failed and len(words) <= _PARSED and json_in_text(words) is not NOT_JSON:
        section = body_section(key, "", words, "")
        section.indent, section.tight, section.fact = indent, True, ""
        return [section]
    language = language_of_file(file) if "\n" in words and not message.failed else ""
    sort = "diff" if is_diff(words) else "code" if language else ""
    bar = "status-error" if message.failed else "muted"
    section = _quoted(key, words, indent, sort, language)
    section.quoted = bar
    return [section]


# ---------------------------------------------------------------- a call: what was added, and the answer


def call_sections(
    found: Conversation,
    look: Look,
    whole: bool,
    usage: Usage | None = None,
    duration: int | None = None,
    most: int = SHOWN,
) -> list[Section]:
    """A model call: a line for what was sent before, what was added, the reply.

    Args:
        found: What was told and answered.
        look: How things are to be shown.
        whole: Show what was sent before as well.
        usage: Tokens of the call.
        duration: How long it took, ns.
        most: Messages of what was sent before, and of what was added, that are laid out.
    """
    sections: list[Section] = []
    is_part = found.has_previous and bool(found.earlier or found.unread)
    if found.has_previous:
        sections += _told_before(found, look, whole, most)
    if found.added:
        rule = Section("added", _added_title(found), _added_fact(found, look), rows=[], copies=[pasted(found.added)])
        rule.title_style = "status-open" if is_part and not whole else "muted"
        sections += [rule, *_first_tight(last_messages(found.added, look, most, "a")[0])]
    elif is_part:
        sections.append(Section("added", "Added since the previous call", rows=[[("nothing", "muted")]]))
    rule = Section("reply", "Reply", _reply_fact(usage, duration, look), rows=[], title_style="status-open")
    if found.reply:
        rule.copies = [pasted(found.reply)]
        sections += [rule, *_first_tight(messages(found.reply, look, prefix="r"))]
    else:
        rule.fact, rule.rows = "", [[("none recorded", "muted")]]
        sections.append(rule)
    return sections


def pasted(found: Sequence[Message]) -> str:
    """Messages as one pastes them: who said what, calls of tools with their arguments, results; a lone one without its role."""
    if len(found) == 1 and not found[0].tool_calls:
        return found[0].text
    parts: list[str] = []
    for message in found:
        calls = [f"{name}({_plain(arguments)})" for name, arguments in message.tool_calls]
        who = f"{message.role} {message.tool_name}" if message.tool_name else message.role
        parts.append(f"{who}: " + "\n".join([*([message.text] if message.text else []), *calls]))
    return "\n\n".join(parts)


def _first_tight(sections: list[Section]) -> list[Section]:
    sections[0].tight = True
    return sections


def _added_title(found: Conversation) -> str:
    if not found.has_previous or not (found.earlier or found.unread):
        return "Sent" if not found.has_previous else "Since the previous call"
    return "Added since the previous call"


def _added_fact(found: Conversation, look: Look) -> str:
    parts = [_count(len(found.added), "message", look)]
    if found.has_previous and found.tokens is not None and found.tokens[1] > found.tokens[0]:
        parts.append(f"+{text.tokens(found.tokens[1] - found.tokens[0], look.symbols)} tokens")
    return "  ".join(parts)


def _reply_fact(usage: Usage | None, duration: int | None, look: Look) -> str:
    if usage is None or usage.output is None:
        return ""
    parts = [f"{text.exact(usage.output, look.symbols)} tok"]
    if duration and usage.output:
        parts.append(f"{usage.output / (duration / 1e9):,.0f} tok/s")
    return "  ".join(parts)


def _told_before(found: Conversation, look: Look, whole: bool, most: int) -> list[Section]:
    """The line for what is not shown, or what it stands for; and what became of the context, in words."""
    sections: list[Section] = []
    if found.earlier or found.unread:
        sections.append(Section("earlier", rows=[earlier_row(found, look, whole)]))
    if whole and found.earlier:
        sections += _first_tight(last_messages(found.earlier, look, most, "e")[0])
    if words := _changed_words(found, look):
        sections.append(Section("changed", text=words, style="status-warning", tight=True))
    return sections


def earlier_row(found: Conversation, look: Look, whole: bool) -> Row:
    """`▸ 5 earlier messages, sent before` and the key that shows or hides them."""
    symbols = look.symbols
    words = f"{_count(len(found.earlier), 'earlier message', look)}" if found.earlier else ""
    if found.unread:
        unread = f"{_count(found.unread, 'earlier call', look)} not read"
        words = f"{words}, {unread}" if words else unread
    tokens = "" if found.tokens is None else f", {text.tokens(found.tokens[0], symbols)} tokens"
    fold = symbols["fold_open" if whole else "fold_closed"]
    key: Row = [("c", "strong bold"), (" only what was added" if whole else " whole context", "muted")]
    if cell_width(words) > look.width - width_of(key) - 4:
        key = [key[0], (" less" if whole else " all", "muted")]
    room = look.width - width_of(key) - 4
    told = [f"{words}{tokens}, sent before", f"{words}, sent before", words]
    said = next((each for each in told if cell_width(each) <= room), words)
    return spread([(f"{fold} ", "muted"), (said, "muted")], key, look.width, symbols)


def _changed_words(found: Conversation, look: Look) -> str:
    """How the context is no longer what it was; empty where it only grew."""
    gone = ""
    if found.gone:
        are = "is" if found.gone == 1 else "are"
        gone = f"{_count(found.gone, 'message', look)} of the previous call {are} gone"
    if found.is_compacted and found.tokens is not None:
        before, now = (text.tokens(figure, look.symbols) for figure in found.tokens)
        arrow = look.symbols["decision"] if not look.symbols.is_ascii else "to"
        told = f"compacted: {before} {arrow} {now} tokens"
        return f"{told}, {gone}" if gone else f"{told} since the previous call"
    return f"does not go on from the previous call: {gone}" if gone else ""


def _count(number: int, word: str, look: Look) -> str:
    return f"{text.count(number, look.symbols)} {word}{'' if number == 1 else 's'}"
