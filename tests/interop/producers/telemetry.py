"""Records three traces with the OpenTelemetry SDK and its JSON file exporter: well, badly, and slow enough to follow.

python telemetry.py FOLDER
"""

import sys
import time
from contextlib import suppress
from pathlib import Path

from opentelemetry import trace
from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

PAUSE_S = 0.08


def chat(tracer: trace.Tracer, number: int) -> None:
    """A model call as the conventions for generative AI name it."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "desk",
        "gen_ai.request.model": "desk-7b",
        "gen_ai.response.model": "desk-7b",
        "gen_ai.usage.input_tokens": 100 + number,
        "gen_ai.usage.output_tokens": 10,
    }
    with tracer.start_as_current_span("chat desk-7b", attributes=attributes) as span:
        time.sleep(PAUSE_S)
        span.add_event("gen_ai.content.delta", {"index": number})


def agent(tracer: trace.Tracer, name: str, calls: int, fails: bool = False) -> None:
    """An agent with model calls and a tool; the tool may fail."""
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
    with tracer.start_as_current_span(f"invoke_agent {name}", attributes=attributes):
        for number in range(calls):
            chat(tracer, number)
        tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup"}
        with tracer.start_as_current_span("execute_tool lookup", attributes=tool):
            time.sleep(PAUSE_S)
            if fails:
                raise TimeoutError("no answer after 30 s")


def main() -> None:
    """The three traces, in one file."""
    provider = TracerProvider(resource=Resource.create({"service.name": "support"}))
    provider.add_span_processor(SimpleSpanProcessor(FileSpanExporter(str(Path(sys.argv[1]) / "spans.jsonl"))))
    tracer = provider.get_tracer("tests")
    agent(tracer, "well", 1)
    with suppress(TimeoutError):
        agent(tracer, "badly", 1, fails=True)
    agent(tracer, "slow", 12)
    provider.shutdown()


if __name__ == "__main__":
    main()
