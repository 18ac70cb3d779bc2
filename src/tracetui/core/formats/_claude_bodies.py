"""Lines of Claude Code as a person reads them: conversations, tool calls with their results, prompts, and everything else.

Which of a span's records is what follows from its type and place: an answer's own lines come first in their bytes, its tool
calls after them. Images are named, never shown: their bytes are base64 in the middle of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tracetui.core.attributes import KIND_ORIGINAL
from tracetui.core.formats._base import RecordBody
from tracetui.core.formats._chat import REDACTED, THINKING, part_text, without_bytes
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._values import SUBJECT_LENGTH, list_of, mapping_of, pairs_line, subject_of, text_of
from tracetui.core.model import ErrorInfo, EventDetail, Message, SpanDetail

_COMMAND: Final = re.compile(r"<command-name>([^<]*)</command-name>")
_ARGUMENTS: Final = re.compile(r"<command-args>([^<]*)</command-args>")
_EXIT_CODE: Final = re.compile(r"(?:Error: )?Exit code (\d{1,9})\b")
_RESULTS: Final = frozenset({"toolUseResult", "tool_use_result"})
_COMMON: Final = frozenset(
    {
        *("type", "subtype", "message", "uuid", "parentUuid", "sessionId", "session_id", "timestamp", "isSidechain"),
        *("userType", "cwd", "version", "gitBranch", "entrypoint", "toolUseResult", "tool_use_result"),
    }
)
"""Members that say nothing about the one line, or are shown in another place."""
_BULKY: Final = frozenset({"stdout", "stderr", "content", "file", "originalFile", "oldString", "newString", "prompt"})
"""Parts of a tool's own result that repeat what the model was given."""


def prompt_name(content: object) -> tuple[str, int]:
    """What a prompt is called, on one line, and how good a name that is: 2 for a text, 1 for a command, 0 for none."""
    blocks = _blocks(content)
    # A picture is a name only where there is nothing else.
    return name_of_texts(
        [_block_text(block) for block in sorted(blocks, key=lambda block: block.get("type") != "text")]
    )


def name_of_texts(texts: Sequence[str]) -> tuple[str, int]:
    """The same of the texts of a prompt."""
    for text in texts:
        head = text[: SUBJECT_LENGTH * 20]
        command = _COMMAND.search(head)
        if command is not None:
            arguments = _ARGUMENTS.search(head)
            return one_line(f"{command[1]} {arguments[1] if arguments else ''}"), 1
        if text.startswith(("<local-command-", "<bash-stdout>", "<system-reminder>", "Caveat: The messages below")):
            continue
        if name := one_line(text):
            return name, 2
    return "", 0


def one_line(text: str) -> str:
    """The beginning of a text, on one line."""
    return " ".join(text[: SUBJECT_LENGTH * 2].split())[:SUBJECT_LENGTH]


def describe_span(records: Sequence[RecordBody]) -> SpanDetail:
    """An answer, a tool call or a subagent. Never raises for any bytes."""
    read = [(body, body.once("claude-code", _read)) for body in records]
    answers = [(body.ordinal, record) for body, record in read if body.type == "assistant"]
    said = [record for body, record in read if body.type != "assistant"]
    if not answers:
        return _given(said)
    if answers[0][0]:
        return _tool(answers[0][0], answers[0][1], said)
    return _answer([record for _, record in answers], said)


def _read(raw: bytes) -> dict[str, object]:
    try:
        return mapping_of(parse(raw))
    except NotJson:
        return {}


def _answer(lines: list[dict[str, object]], said: list[dict[str, object]]) -> SpanDetail:
    detail = SpanDetail(provider="anthropic", reply=0, continues=True)
    calls: dict[str, str] = {}
    for line in lines:
        message = mapping_of(line.get("message"))
        detail.id = text_of(message.get("id")) or detail.id
        detail.model = text_of(message.get("model")) or detail.model
        for block in _blocks(message.get("content")):
            detail.messages.append(_block_message(block))
            if block.get("type") == "tool_use":
                calls[text_of(block.get("id"))] = text_of(block.get("name"))
        for key in ("stop_reason", "stop_sequence", "usage"):
            if message.get(key) is not None:
                detail.attributes[key] = message[key]
        detail.attributes |= {key: value for key, value in line.items() if key not in _COMMON and value is not None}
        if line.get("isApiErrorMessage") is True:
            detail.error = ErrorInfo(_text(message.get("content")), text_of(line.get("error")))
    if detail.model == "<synthetic>":
        detail.model = detail.provider = ""
    texts = [message.text for message in detail.messages if message.role == "assistant" and message.text]
    called = [name for message in detail.messages for name, _ in message.tool_calls]
    detail.subject = one_line(texts[0]) if texts else " ".join(called)
    if texts:
        detail.output = "\n".join(texts)
    detail.messages += _results(said, calls)
    return detail


def _results(said: list[dict[str, object]], calls: dict[str, str]) -> list[Message]:
    messages = []
    seen: set[str] = set()
    for line in said:
        for block in _blocks(mapping_of(line.get("message")).get("content")):
            tool = text_of(block.get("tool_use_id"))
            if tool in calls and tool not in seen:
                seen.add(tool)
                text = _text(block.get("content"))
                failed = block.get("is_error") is True
                name, raw = calls[tool] or "tool", without_bytes(block)
                messages.append(Message("tool", text, tool_name=name, raw=raw, answers=tool, failed=failed))
    return messages


def _tool(number: int, line: dict[str, object], said: list[dict[str, object]]) -> SpanDetail:
    blocks = _blocks(mapping_of(line.get("message")).get("content"))
    calls = [block for block in blocks if block.get("type") == "tool_use"]
    call = calls[number - 1] if number <= len(calls) else {}
    detail = SpanDetail(
        id=text_of(call.get("id")), subject=subject_of(call.get("input")), input=without_bytes(call.get("input"))
    )
    for result in said:
        for block in _blocks(mapping_of(result.get("message")).get("content")):
            if block.get("tool_use_id") == call.get("id"):
                _add_result(detail, block, result.get("toolUseResult", result.get("tool_use_result")))
    return detail


def _add_result(detail: SpanDetail, block: dict[str, object], more: object) -> None:
    text = _text(block.get("content"))
    detail.output = text
    if block.get("is_error") is True:
        detail.error = ErrorInfo(text)
    code = _EXIT_CODE.match(text)
    if code is not None:
        detail.attributes["exit_code"] = int(code[1])
    elif block.get("is_error") is True and isinstance(more, str):
        detail.attributes["toolUseResult"] = more
    for key, value in mapping_of(more).items():
        if key not in _BULKY and value not in (None, "", False, []):
            detail.attributes[key] = without_bytes(value)


def _given(said: list[dict[str, object]]) -> SpanDetail:
    """A subagent by its task and its result, or a turn by its prompt."""
    is_agent = any(line.get("isSidechain") or line.get("parent_tool_use_id") or _RESULTS & line.keys() for line in said)
    detail = SpanDetail(attributes={KIND_ORIGINAL: "subagent" if is_agent else "turn"})
    for line in said:
        content = mapping_of(line.get("message")).get("content")
        more = mapping_of(line.get("toolUseResult", line.get("tool_use_result")))
        detail.id = text_of(line.get("agentId")) or text_of(more.get("agentId")) or detail.id
        if more:
            detail.output = _text(more.get("content"))
            if "prompt" in more:
                detail.input = more["prompt"]
            detail.attributes |= {key: value for key, value in more.items() if key not in _BULKY}
        elif content is not None:
            detail.input = _text(content)
            detail.messages.append(Message("user", _text(content), raw=without_bytes(content)))
        detail.subject = subject_of(detail.input) if isinstance(detail.input, str) else detail.subject
    return detail


def describe_event(body: RecordBody) -> EventDetail:
    """One line that is no part of a call. Never raises for any bytes."""
    record = _read(body.raw)
    values = {key: without_bytes(value) for key, value in record.items() if key not in _COMMON and value is not None}
    message = record.get("message")
    if isinstance(message, dict):
        content = message.get("content")
        values["content"] = without_bytes(content)
        name, rank = prompt_name(content)
        return EventDetail(name if rank == 1 else one_line(_text(content)), values)
    for key in ("content", "summary", "result", "lastPrompt", "error", "message"):
        text = record.get(key)
        if isinstance(text, str) and text:
            return EventDetail(one_line(" ".join(filter(None, (text_of(record.get("operation")), text)))), values)
    attachment = record.get("attachment")
    if isinstance(attachment, dict):
        return EventDetail(one_line(f"{text_of(attachment.get('type'))}  {subject_of(attachment)}"), values)
    simple = {key: value for key, value in values.items() if isinstance(value, str | int | float)}
    return EventDetail(pairs_line(simple), values)


def _blocks(content: object) -> list[dict[str, object]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in list_of(content) if isinstance(block, dict)]


def _block_message(block: dict[str, object]) -> Message:
    match block.get("type"):
        case "thinking":
            return Message(THINKING, text_of(block.get("thinking")), raw=block)
        case "redacted_thinking":
            return Message(THINKING, REDACTED, raw=block)
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            call = (text_of(block.get("name")), without_bytes(block.get("input")))
            return Message("assistant", tool_calls=[call], raw=block, call_ids=[text_of(block.get("id"))])
        case _:
            return Message("assistant", _block_text(block), raw=without_bytes(block))


def _text(content: object) -> str:
    """Content as text: blocks one below the other."""
    if isinstance(content, list):
        return "\n".join(_block_text(block) for block in content)
    return text_of(content)


def _block_text(block: object) -> str:
    return part_text(block) if isinstance(block, dict) else text_of(block)
