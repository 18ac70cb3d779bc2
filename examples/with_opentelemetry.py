"""An agent that is instrumented with OpenTelemetry already: one line more, and it is recorded as well.

    pip install opentelemetry-sdk
    python examples/with_opentelemetry.py [FOLDER]     # records into FOLDER, or traces
    tracetui FOLDER                                    # beside it, in another terminal

Shows: `tracetui.SpanProcessor` among the processors of a tracer provider. Spans are recorded when they start, so the run is
seen while it goes on, which no exporter of OpenTelemetry can show; with the conventions for model calls (`gen_ai.…`) they are
model calls, with model, tokens and conversation. A tracer of tracetui may be used among them: its decisions and logs belong to
the span of OpenTelemetry that is current.

Look at: the conversation of `chat`, the arguments of `execute_tool lookup_order`, the retrieval with the event of its span,
and the exception of `execute_tool refund`, which was recorded as OpenTelemetry records one.
"""

import json
import sys
import time

from tracetui import SpanProcessor, Tracer

try:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import SpanKind, Status, StatusCode
    from opentelemetry.trace import Tracer as OtelTracer
except ImportError:
    sys.exit("This example needs OpenTelemetry's SDK: pip install opentelemetry-sdk")

MODEL = "helpdesk-small-1"
TICKET = "My parcel 40118 came broken. Can I have my money back?"
SPEED = 2
"""How many times faster than in reality everything goes here."""


def pause(seconds: float) -> None:
    """Let time go by as a real model or server would."""
    time.sleep(seconds / SPEED)


class RefundRefused(Exception):
    """The payment provider does not want to."""


def main(folder: str) -> None:
    """Answer one ticket."""
    tracer = Tracer("helpdesk", folder=folder, tags=["example"])
    provider = TracerProvider(resource=Resource({"service.name": "helpdesk", "service.version": "2.3.1"}))
    provider.add_span_processor(SpanProcessor(tracer))  # the line more
    answer_ticket(provider.get_tracer("helpdesk.agent", "2.3.1"), tracer)
    provider.shutdown()


def answer_ticket(otel: OtelTracer, tracer: Tracer) -> None:
    """The agent, as it was before, and one decision that is told to tracetui."""
    agent = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "helpdesk",
        "gen_ai.conversation.id": "T-311",
    }
    with otel.start_as_current_span("invoke_agent helpdesk", attributes=agent):
        chat(otel, TICKET, "I will look up the order.", 241, 18)
        lookup_order(otel)
        find_rules(otel)
        tracer.decision(
            "router", chosen="refund", alternatives=["refund", "replace", "ask"], reason="broken on arrival"
        )
        if not refund(otel):
            tracer.log("refund refused, a person takes over", level="warning", ticket="T-311")
        chat(otel, "The refund was refused: card expired.", "I have asked a colleague to send it by transfer.", 512, 31)


def chat(otel: OtelTracer, asked: str, answer: str, tokens_in: int, tokens_out: int) -> None:
    """A model call, by the conventions for generative AI."""
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "example",
        "gen_ai.request.model": MODEL,
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": asked}]}]),
    }
    with otel.start_as_current_span(f"chat {MODEL}", kind=SpanKind.CLIENT, attributes=said) as span:
        pause(2.2)
        parts = [{"type": "text", "content": answer}]
        span.set_attributes(
            {
                "gen_ai.response.model": f"{MODEL}-2026-09",
                "gen_ai.usage.input_tokens": tokens_in,
                "gen_ai.usage.output_tokens": tokens_out,
                "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts, "finish_reason": "stop"}]),
            }
        )


def lookup_order(otel: OtelTracer) -> None:
    """A tool."""
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup_order",
        "gen_ai.tool.call.arguments": json.dumps({"order": "40118"}),
    }
    with otel.start_as_current_span("execute_tool lookup_order", attributes=tool) as span:
        with otel.start_as_current_span("GET /orders", kind=SpanKind.CLIENT, attributes={"http.request.method": "GET"}):
            pause(0.7)
        span.set_attribute("gen_ai.tool.call.result", json.dumps({"total": 39.9, "paid_by": "card"}))


def find_rules(otel: OtelTracer) -> None:
    """A retrieval, with an event of the span."""
    with otel.start_as_current_span("retrieve rules", attributes={"openinference.span.kind": "RETRIEVER"}) as span:
        pause(0.5)
        span.add_event("index.searched", {"documents": 2, "index": "rules-2026"})


def refund(otel: OtelTracer) -> bool:
    """A tool that fails; whether it worked."""
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
    with otel.start_as_current_span("execute_tool refund", attributes=tool) as span:
        try:
            pause(1.1)
            raise RefundRefused("card ending in 77 has expired")
        except RefundRefused as error:
            span.record_exception(error)
            span.set_status(Status(StatusCode.ERROR, str(error)))
            return False


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "traces")
