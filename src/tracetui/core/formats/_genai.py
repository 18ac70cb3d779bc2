"""What span attributes mean: kind, model, tokens, cost, input, output and messages, in three families of keys.

Pure functions of one span's attributes (plain values by key), for every format that carries OpenTelemetry attributes. The first
family that has a figure gives it; nothing is added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tracetui.core import attributes as keys
from tracetui.core.formats._chat import add_call, chat_messages, media_words
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._values import amount_of, count_of, mapping_of, pairs_line, subject_of, text_of
from tracetui.core.model import ABSENT, ErrorInfo, Kind, Message, SpanDetail, Usage

Attributes = Mapping[str, object]

_TOKENS: Final = (
    keys.TOKENS_INPUT,
    keys.TOKENS_OUTPUT,
    keys.TOKENS_TOTAL,
    keys.TOKENS_CACHED,
    keys.TOKENS_CACHE_WRITE,
    keys.TOKENS_REASONING,
)
"""Names of the counts of ``Usage``, in its order."""
_TOKEN_PLACES: Final = {name: (figure, rank) for figure, names in enumerate(_TOKENS) for rank, name in enumerate(names)}
"""Which figure each name gives, and how late it is asked."""
_LAST_RANK: Final = max(map(len, _TOKENS))
TOLD: Final = frozenset(_TOKEN_PLACES).union(
    keys.COST,
    keys.MODEL,
    keys.PROVIDER,
    (keys.OPENINFERENCE_KIND, keys.GENAI_OPERATION, keys.TRACELOOP_KIND, keys.LLM_REQUEST_TYPE),
    (keys.OWN_KIND, keys.OWN_STATUS, keys.OWN_USAGE, keys.OWN_END),
)
"""Attributes that ``kind_of_span``, ``usage_of`` the model and its provider hang on."""


def kind_of_span(attributes: Attributes) -> tuple[Kind, str]:
    """The kind, and the producer's word for it ("" if it names none)."""
    word = attributes.get(keys.OWN_KIND)
    if isinstance(word, str) and word in Kind.__members__:
        return Kind[word], ""
    word = attributes.get(keys.OPENINFERENCE_KIND)
    if isinstance(word, str) and word:
        return keys.OPENINFERENCE_KINDS.get(word.upper(), Kind.span), word
    word = attributes.get(keys.GENAI_OPERATION)
    if isinstance(word, str) and word:
        return keys.GENAI_OPERATIONS.get(word, Kind.span), word
    word = attributes.get(keys.TRACELOOP_KIND)
    if isinstance(word, str) and word:
        return keys.TRACELOOP_KINDS.get(word, Kind.span), word
    word = attributes.get(keys.LLM_REQUEST_TYPE)
    if isinstance(word, str) and word:
        return Kind.llm, word
    return Kind.span, ""


def first_text(attributes: Attributes, names: Iterable[str]) -> str:
    """The first of the named attributes that is a text."""
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def usage_of(attributes: Attributes) -> Usage | None:
    """Tokens and cost of a model call; None if none is recorded."""
    cost: float | None = None
    counts: list[int | None] = [None] * len(_TOKENS)
    ranks = [_LAST_RANK] * len(_TOKENS)
    for name, value in attributes.items():
        place = _TOKEN_PLACES.get(name)
        if place is not None:
            figure, rank = place
            if rank < ranks[figure] and (found := count_of(value)) is not None:
                counts[figure], ranks[figure] = found, rank
    for name in keys.COST:
        if cost is None and name in attributes:
            cost = amount_of(attributes[name])
    if cost is None and counts.count(None) == len(counts):
        return None
    given, answered, total, cached, cache_write, reasoning = counts
    return Usage(given, answered, total, cached, cache_write, reasoning, cost)


def describe(detail: SpanDetail, kind: Kind, attributes: Attributes) -> None:
    """Fill a span's detail: model, provider, input, output, messages, subject."""
    detail.model = first_text(attributes, keys.MODEL)
    detail.provider = first_text(attributes, keys.PROVIDER)
    said = _messages(attributes, keys.INPUT_MESSAGES) if kind is not Kind.tool else []
    answered = _messages(attributes, keys.OUTPUT_MESSAGES) if kind is not Kind.tool else []
    system = _system(attributes)
    detail.messages = [*system, *said, *answered]
    detail.reply = len(system) + len(said)
    detail.input = _input(attributes, said)
    detail.output = _output(attributes, answered)
    detail.subject = _subject(detail, kind, attributes)


def error_of(attributes: Attributes, message: str, exceptions: Iterable[Attributes]) -> ErrorInfo | None:
    """The error that a span records: its exception event, else its status message and ``error.type``."""
    kind = text_of(attributes.get(keys.ERROR_TYPE))
    for exception in exceptions:
        return ErrorInfo(
            text_of(exception.get(keys.EXCEPTION_MESSAGE)) or message,
            text_of(exception.get(keys.EXCEPTION_TYPE)) or kind,
            text_of(exception.get(keys.EXCEPTION_STACKTRACE)),
        )
    return ErrorInfo(message, kind) if message or kind else None


def conversation(attributes: Attributes) -> tuple[list[Message], list[Message]]:
    """What a model was told, its instructions first, and what it answered."""
    told = [*_system(attributes), *_messages(attributes, keys.INPUT_MESSAGES)]
    return told, _messages(attributes, keys.OUTPUT_MESSAGES)


def event_text(name: str, attributes: Attributes) -> str:
    """A span event in one line for people."""
    if name == keys.EXCEPTION:
        kind, message = text_of(attributes.get(keys.EXCEPTION_TYPE)), text_of(attributes.get(keys.EXCEPTION_MESSAGE))
        return f"{kind}: {message}" if kind and message else kind or message
    for key in ("content", "message", "body", "text"):
        if key in attributes:
            return text_of(attributes[key])
    return pairs_line(attributes)


def decoded(value: object) -> object:
    """A JSON text as the value that it spells; anything else as it is."""
    if isinstance(value, str) and value[:1] in "{[" and value:
        try:
            return parse(value.encode("utf-8", "surrogatepass"))
        except NotJson:
            return value
    return value


def indexed(attributes: Attributes, prefix: str) -> list[dict[str, object]]:
    """``prefix.0.a.b``, ``prefix.1.a`` … → a list of members by the rest of the key, in numeric order, gaps allowed."""
    start = prefix + "."
    items: dict[int, dict[str, object]] = {}
    for key, value in attributes.items():
        if key.startswith(start):
            number, _, rest = key[len(start) :].partition(".")
            if number.isascii() and number.isdigit() and len(number) <= 9 and rest:
                items.setdefault(int(number), {})[rest] = value
    return [items[number] for number in sorted(items)]


def _messages(attributes: Attributes, names: tuple[str, str, str]) -> list[Message]:
    """Messages of the first family that has them."""
    openinference, genai, openllmetry = names
    items = indexed(attributes, openinference)
    if items:
        return [_openinference_message(item) for item in items]
    texts = decoded(attributes.get(genai))
    if isinstance(texts, list):
        return [message for item in texts for message in parts_messages(item)]
    return [message for item in indexed(attributes, openllmetry) for message in _openllmetry_messages(item)]


def _openinference_message(item: dict[str, object]) -> Message:
    role = text_of(item.get("message.role")) or "user"
    name = text_of(item.get("message.name"))
    message = Message(role, text_of(item.get("message.content")), [], name if role == "tool" else "", item)
    message.answers = text_of(item.get("message.tool_call_id"))
    for call in indexed(item, "message.tool_calls"):
        found = {key.removeprefix("tool_call.").removeprefix("function."): value for key, value in call.items()}
        add_call(message, found, decoded)
    if not message.text:
        parts = indexed(item, "message.contents")
        message.text = "\n".join(filter(None, map(_openinference_part, parts)))
    return message


def _openinference_part(part: dict[str, object]) -> str:
    text = text_of(part.get("message_content.text"))
    address = text_of(part.get("message_content.image.image.url"))
    return text or (media_words({"type": "image_url", "image_url": {"url": address}}) if address else "")


def _openllmetry_messages(item: dict[str, object]) -> list[Message]:
    """Content is a text, or the JSON text of a list of parts."""
    content = item.get("content")
    parts = decoded(content)
    is_parts = isinstance(parts, list) and parts and all(isinstance(part, dict) and "type" in part for part in parts)
    calls = indexed(item, "tool_calls")
    return chat_messages(item | {"content": parts if is_parts else content, "tool_calls": calls}, decoded)


def parts_messages(item: object) -> list[Message]:
    """A message of the GenAI convention: thinking, text with its calls, and each tool response as messages of their own."""
    values = mapping_of(item)
    return chat_messages(values if values else {"content": text_of(item)}, decoded)


def _system(attributes: Attributes) -> list[Message]:
    value = decoded(attributes.get(keys.SYSTEM_INSTRUCTIONS))
    if isinstance(value, list):
        return parts_messages({"role": "system", "parts": value})
    return [Message("system", value, raw=value)] if isinstance(value, str) and value else []


def _input(attributes: Attributes, said: list[Message]) -> object:
    for name in (*keys.TOOL_INPUT, keys.INPUT_VALUE, keys.ENTITY_INPUT):
        if name in attributes:
            return decoded(attributes[name])
    return [message.raw for message in said] if said else ABSENT


def _output(attributes: Attributes, answered: list[Message]) -> object:
    for name in (*keys.TOOL_OUTPUT, keys.OUTPUT_VALUE, keys.ENTITY_OUTPUT):
        if name in attributes:
            return decoded(attributes[name])
    documents = indexed(attributes, keys.RETRIEVAL_DOCUMENTS)
    if documents:
        return documents
    return [message.raw for message in answered] if answered else ABSENT


def _subject(detail: SpanDetail, kind: Kind, attributes: Attributes) -> str:
    if kind is Kind.llm:
        return detail.model
    if kind is Kind.agent:
        return first_text(attributes, keys.AGENT_NAME) or subject_of(detail.input)
    return subject_of(detail.input) if detail.input is not ABSENT else first_text(attributes, keys.TOOL_NAME)
