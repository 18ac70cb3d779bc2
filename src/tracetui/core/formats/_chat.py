"""Messages as chat interfaces write them, in every shape that is known: OpenAI's, Anthropic's, Gemini's, OpenTelemetry's.

One recorded message becomes one or several: thinking by itself, what was said with its tool calls, and each tool result
with the id of the call that it answers. Images, audio and files are named with type and size; their base64 stays behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tracetui.core.formats._values import list_of, mapping_of, text_of
from tracetui.core.model import Message

THINKING: Final = "thinking"
"""Role of what a model thinks before it answers."""
REDACTED: Final = "(redacted)"

_CALLS: Final = frozenset(
    ("tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "function_call", "server_tool_call")
)
_RESULTS: Final = frozenset(("tool_result", "tool_call_response", "function_call_output", "server_tool_call_response"))
_THOUGHTS: Final = frozenset((THINKING, "redacted_thinking", "reasoning", "reasoning_content"))
_MEDIA: Final = frozenset(
    (
        "image",
        "image_url",
        "input_image",
        "audio",
        "input_audio",
        "video",
        "document",
        "file",
        "input_file",
        "blob",
        "uri",
    )
)
_ARGUMENTS: Final = ("arguments", "arguments_json", "tool_input", "input", "args")
_DEPTH: Final = 8
_ADDRESS: Final = 200


def as_recorded(value: object) -> object:
    """Arguments as they stand there."""
    return value


def chat_messages(item: object, opened: Callable[[object], object] = as_recorded) -> list[Message]:
    """One message of a chat, taken apart. Never raises.

    Args:
        item: The message as recorded.
        opened: What becomes of a tool's arguments: some formats record them as JSON text.
    """
    if not isinstance(item, dict):
        return [Message("user", text_of(item), raw=item)]
    role = text_of(item.get("role")) or "user"
    name = text_of(item.get("tool_name")) or (text_of(item.get("name")) if role in ("tool", "function") else "")
    own = Message(role, tool_name=name, raw=item, answers=text_of(item.get("tool_call_id")))
    own.failed = bool(name or own.answers) and _has_failed(item)
    texts: list[str] = []
    thoughts = [text_of(item[key]) for key in ("reasoning_content", "reasoning", "thinking") if item.get(key)][:1]
    results: list[Message] = []
    for content in (item.get("content"), item.get("parts")):
        for part in content if isinstance(content, list) else [content]:
            _take(part, own, texts, thoughts, results, opened)
    if item.get("refusal"):
        texts.append(text_of(item["refusal"]))
    for call in list_of(item.get("tool_calls")):
        add_call(own, call, opened)
    if isinstance(item.get("function_call"), dict):
        add_call(own, item["function_call"], opened)
    own.text = "\n".join(filter(None, texts))
    found = [Message(THINKING, "\n".join(filter(None, thoughts)), raw=item)] if thoughts else []
    if own.text or own.tool_calls or not (results or found):
        found.append(own)
    return found + results


def _take(
    part: object,
    own: Message,
    texts: list[str],
    thoughts: list[str],
    results: list[Message],
    opened: Callable[[object], object],
) -> None:
    """One part of a message's content."""
    if not isinstance(part, dict):
        texts.append(text_of(part))
        return
    sort = _sort_of(part)
    call, result = part.get("functionCall", part.get("function_call")), part.get("functionResponse")
    if sort in _CALLS or isinstance(call, dict):
        add_call(own, call if isinstance(call, dict) else part, opened)
    elif sort in _RESULTS or isinstance(result, dict):
        results.append(result_of(result if isinstance(result, dict) else part))
    elif sort in _THOUGHTS or part.get("thought") is True:
        thoughts.append(thought_of(part))
    else:
        texts.append(part_text(part))


def add_call(message: Message, call: object, opened: Callable[[object], object] = as_recorded) -> None:
    """Add a tool call, with its id, to the message that makes it."""
    values = mapping_of(call)
    function = mapping_of(values.get("function")) or values
    arguments = next((function[key] for key in _ARGUMENTS if key in function), None)
    name = text_of(function.get("name")) or text_of(function.get("tool_name"))
    message.tool_calls.append((name, without_bytes(opened(arguments))))
    message.call_ids.append(text_of(values.get("id")) or text_of(values.get("call_id")))


def result_of(part: dict[str, object]) -> Message:
    """A tool's result among the parts of a message."""
    content = next((part[key] for key in ("content", "result", "response", "output") if key in part), None)
    answers = next((text_of(part[key]) for key in ("tool_use_id", "id", "call_id") if part.get(key)), "")
    name = text_of(part.get("name")) or text_of(part.get("tool_name"))
    return Message("tool", content_text(content), tool_name=name, raw=part, answers=answers, failed=_has_failed(part))


def _has_failed(item: dict[str, object]) -> bool:
    return item.get("is_error") is True or item.get("isError") is True or item.get("status") in ("error", "failed")


def thought_of(part: dict[str, object]) -> str:
    """What a part of reasoning says; providers hide some of it."""
    for key in (THINKING, "reasoning", "text", "content", "summary"):
        said = part.get(key)
        if isinstance(said, list):
            said = "\n".join(filter(None, (content_text(each) for each in said)))
        if isinstance(said, str) and said:
            return said
    return REDACTED if part.get("type") == "redacted_thinking" or part.get("encrypted_content") else ""


def content_text(content: object, depth: int = 0) -> str:
    """Content as text: parts one below the other."""
    if isinstance(content, list) and depth < _DEPTH and any(isinstance(part, dict) for part in content):
        return "\n".join(filter(None, (content_text(part, depth + 1) for part in content)))
    return part_text(content, depth) if isinstance(content, dict) else text_of(content)


def part_text(part: dict[str, object], depth: int = 0) -> str:
    """A part of a message in words; images, audio and files by name."""
    sort = _sort_of(part)
    if sort in _MEDIA or "inlineData" in part or "inline_data" in part or "fileData" in part:
        return media_words(part)
    for key in ("text", "refusal"):
        if isinstance(part.get(key), str):
            return text_of(part[key])
    if sort in _RESULTS:
        return content_text(part.get("content"), depth + 1) if depth < _DEPTH else ""
    if isinstance(part.get("content"), str) and (sort is not None or part.get("type") is None):
        return text_of(part["content"])
    return text_of(without_bytes(part))


def media_words(part: dict[str, object]) -> str:
    """``[image: image/png, 48,213 bytes]``: what an image, a sound or a file is, never what it holds."""
    sort = text_of(part.get("type")) or "file"
    inner = part
    for key in ("source", "image_url", "input_audio", "file", "inlineData", "inline_data", "fileData", "file_data"):
        if isinstance(part.get(key), dict):
            inner = mapping_of(part[key])
    address = next(
        (text_of(each[key]) for each in (inner, part) for key in ("url", "uri", "fileUri", "image_url") if _is_text(each, key)),
        "",
    )  # fmt: skip
    media = _first(inner, part, "media_type", "mime_type", "mimeType", "format")
    data = _first(inner, part, "data", "file_data", "content", "blob")
    if address.startswith("data:"):
        head, _, data = address.partition(",")
        media, address = head[5:].partition(";")[0], ""
    name = _first(inner, part, "filename", "name", "title", "file_id")
    words = [word[:_ADDRESS] for word in (name, media, address) if word]
    if data:
        words.append(f"{len(data) * 3 // 4:,} bytes")
    elif not words:
        words.append("unknown")
    return f"[{_sort(sort, part, media)}: {', '.join(words)}]"


def _sort_of(part: dict[str, object]) -> str | None:
    """The type of a part; None where none is recorded, or something that is no word."""
    sort = part.get("type")
    return sort if isinstance(sort, str) else None


def _sort(sort: str, part: dict[str, object], media: str) -> str:
    """`image`, `audio`, `document`, `file`: what it is in one word."""
    if sort in ("blob", "uri", "file") and isinstance(part.get("modality"), str):
        return text_of(part["modality"])[:20]
    for word in ("image", "audio", "video"):
        if word in sort or media.startswith(word):
            return word
    return "document" if sort == "document" else "file"


def _is_text(values: dict[str, object], key: str) -> bool:
    return isinstance(values.get(key), str) and values[key] != ""


def _first(inner: dict[str, object], part: dict[str, object], *keys: str) -> str:
    for values in (inner, part):
        for key in keys:
            if _is_text(values, key):
                return text_of(values[key])
    return ""


def without_bytes(value: object, depth: int = 0) -> object:
    """The value with the base64 of images and documents replaced by their size in words."""
    if isinstance(value, list):
        return [without_bytes(item, depth + 1) for item in value] if depth < 40 else value
    if not isinstance(value, dict) or depth >= 40:
        return value
    if value.get("type") == "base64" and isinstance(value.get("data"), str):
        return value | {"data": f"({len(text_of(value['data'])) * 3 // 4:,} bytes, not shown)"}
    if isinstance(value.get("base64"), str):
        value = value | {"base64": f"({len(text_of(value['base64'])) * 3 // 4:,} bytes, not shown)"}
    if isinstance(value.get("url"), str) and text_of(value["url"])[:5] == "data:":
        value = value | {"url": f"({len(text_of(value['url'])) * 3 // 4:,} bytes, not shown)"}
    return {key: without_bytes(item, depth + 1) for key, item in value.items()}
