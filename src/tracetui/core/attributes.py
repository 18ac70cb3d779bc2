"""Attribute keys of spans that tracetui knows, as constants, by the family that writes them.

Three families name the same things: OpenInference, the GenAI convention of OpenTelemetry, and OpenLLMetry with older spellings.
A producer may set two at once; the tuples hold them in the order in which they are believed. Their figures are never added up.
"""

from __future__ import annotations

from typing import Final

from tracetui.core.model import EventClass, Kind

OPENINFERENCE_KIND: Final = "openinference.span.kind"
GENAI_OPERATION: Final = "gen_ai.operation.name"
TRACELOOP_KIND: Final = "traceloop.span.kind"
LLM_REQUEST_TYPE: Final = "llm.request.type"

OPENINFERENCE_KINDS: Final[dict[str, Kind]] = {
    "LLM": Kind.llm,
    "TOOL": Kind.tool,
    "CHAIN": Kind.chain,
    "AGENT": Kind.agent,
    "RETRIEVER": Kind.retriever,
    "EMBEDDING": Kind.embedding,
    "RERANKER": Kind.reranker,
    "GUARDRAIL": Kind.guardrail,
    "EVALUATOR": Kind.evaluator,
    "PROMPT": Kind.chain,
}
GENAI_OPERATIONS: Final[dict[str, Kind]] = {
    "chat": Kind.llm,
    "text_completion": Kind.llm,
    "generate_content": Kind.llm,
    "embeddings": Kind.embedding,
    "execute_tool": Kind.tool,
    "invoke_agent": Kind.agent,
    "create_agent": Kind.agent,
    "invoke_workflow": Kind.chain,
    "retrieval": Kind.retriever,
}
TRACELOOP_KINDS: Final[dict[str, Kind]] = {
    "workflow": Kind.chain,
    "task": Kind.chain,
    "agent": Kind.agent,
    "tool": Kind.tool,
}

MODEL: Final = (
    "llm.model_name",
    "embedding.model_name",
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.request.model",
)
PROVIDER: Final = ("llm.provider", "llm.system", "gen_ai.provider.name", "gen_ai.system")

TOKENS_INPUT: Final = ("llm.token_count.prompt", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
TOKENS_OUTPUT: Final = ("llm.token_count.completion", "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
TOKENS_TOTAL: Final = ("llm.token_count.total", "gen_ai.usage.total_tokens", "llm.usage.total_tokens")
TOKENS_CACHED: Final = (
    "llm.token_count.prompt_details.cache_read",
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
)
TOKENS_CACHE_WRITE: Final = (
    "llm.token_count.prompt_details.cache_write",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
)
TOKENS_REASONING: Final = (
    "llm.token_count.completion_details.reasoning",
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
)
COST: Final = ("llm.cost.total", "operation.cost")
"""US dollars. The second is Logfire's."""

INPUT_VALUE: Final = "input.value"
INPUT_MIME: Final = "input.mime_type"
OUTPUT_VALUE: Final = "output.value"
OUTPUT_MIME: Final = "output.mime_type"
INPUT_MESSAGES: Final = ("llm.input_messages", "gen_ai.input.messages", "gen_ai.prompt")
"""The first and the last are prefixes of indexed attributes, the middle one holds a JSON text; as are the outputs."""
OUTPUT_MESSAGES: Final = ("llm.output_messages", "gen_ai.output.messages", "gen_ai.completion")
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
ENTITY_INPUT: Final = "traceloop.entity.input"
ENTITY_OUTPUT: Final = "traceloop.entity.output"

TOOL_NAME: Final = ("tool.name", "gen_ai.tool.name", "traceloop.entity.name")
TOOL_INPUT: Final = ("tool.parameters", "gen_ai.tool.call.arguments")
TOOL_OUTPUT: Final = ("gen_ai.tool.call.result",)
AGENT_NAME: Final = ("gen_ai.agent.name", "agent.name")
RETRIEVAL_DOCUMENTS: Final = "retrieval.documents"
SESSION: Final = ("session.id", "gen_ai.conversation.id", "traceloop.association.properties.session_id")

ERROR_TYPE: Final = "error.type"
EXCEPTION: Final = "exception"
"""Name of the span event that holds an exception, and prefix of its attributes."""
EXCEPTION_TYPE: Final = "exception.type"
EXCEPTION_MESSAGE: Final = "exception.message"
EXCEPTION_STACKTRACE: Final = "exception.stacktrace"

EVENT_CLASSES: Final[dict[str, EventClass]] = {
    EXCEPTION: EventClass.error,
    "gen_ai.system.message": EventClass.message,
    "gen_ai.user.message": EventClass.message,
    "gen_ai.assistant.message": EventClass.message,
    "gen_ai.tool.message": EventClass.message,
    "gen_ai.choice": EventClass.message,
    "gen_ai.content.prompt": EventClass.message,
    "gen_ai.content.completion": EventClass.message,
    "gen_ai.content.delta": EventClass.token,
    "log": EventClass.log,
    "retry": EventClass.retry,
}
"""What events of a span are, by their names; all others are events."""

LOGFIRE_MESSAGE: Final = "logfire.msg"
LOGFIRE_SPAN_TYPE: Final = "logfire.span_type"
LOGFIRE_PENDING: Final = "pending_span"
LOGFIRE_PENDING_PARENT: Final = "logfire.pending_parent_id"
LOGFIRE_LEVEL: Final = "logfire.level_num"
LOGFIRE_ERROR_LEVEL: Final = 17
"""From this level number on a Logfire record is an error (OpenTelemetry's severity numbers)."""

KIND_ORIGINAL: Final = "kind.original"
"""Our own: the producer's word for what a span is, where it is not one of our kinds."""

OWN_KIND: Final = "tracetui.kind"
"""Our own, in exports: a kind that no convention has a word for."""
OWN_STATUS: Final = "tracetui.status"
"""Our own, in exports: a status that OpenTelemetry has no code for."""
OWN_USAGE: Final = "tracetui.usage"
"""Our own, in exports: true where the tokens and cost of a span that is no model call are its own and count."""
OWN_END: Final = "tracetui.end"
"""Our own, in exports: ``unknown`` where a span is over and nobody recorded when; its end is its start then."""
