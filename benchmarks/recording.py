"""Recording: what one step costs the program that is recorded, against writing the same bytes, and against other recorders.

Wall time in one thread, files in one temporary folder. The other recorders are measured where they are installed:
``.venv-interop/bin/python -m benchmarks recording`` after ``scripts/test --interop``.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measure import Result, in_turns, wall
from tracetui import Tracer

Work = Callable[[], None]
_STEPS = 20_000


def recording(quick: bool) -> Iterator[Result]:
    """One step with two attributes, start and end."""
    steps = 200 if quick else _STEPS
    rounds = 3 if quick else 15
    with tempfile.TemporaryDirectory(prefix="tracetui-benchmark-") as name:
        folder = Path(name)
        tracer = Tracer("benchmark", folder=folder / "traces", link_children=False)
        run = tracer.run().start()  # by hand: what this generator held open would not be simply the current scope
        ours = _with_tracer(tracer, steps)
        ours()
        for name_of, yardstick, bar in _yardsticks(folder, tracer, steps):
            yardstick()
            yield _result("one step, start and end", ours, name_of, yardstick, bar, steps, rounds)
        run.finish()
        if tracer.stats.faults or tracer.stats.lost:
            raise RuntimeError(f"not all was recorded: {tracer.stats}")
        off = _with_tracer(Tracer("off", enabled=False), steps)
        yield _result("one step, tracer off", off, "nullcontext", _nothing(steps), 3.0, steps, rounds)


def _result(
    name: str, ours: Work, yardstick_name: str, yardstick: Work, bar: float | None, steps: int, rounds: int
) -> Result:
    turns = in_turns(wall(yardstick), wall(ours), rounds=rounds, seconds=40)
    return Result(
        name,
        f"{turns.ours / steps * 1e6:.2f} us",
        f"{yardstick_name} {turns.yardstick / steps * 1e6:.2f} us",
        turns.ratio,
        bar,
        f"wall; {turns.rounds} turns",
    )


def _yardsticks(folder: Path, tracer: Tracer, steps: int) -> Iterator[tuple[str, Work, float]]:
    yield "orjson + os.write", _plain_writes(folder, tracer, steps), 3.0
    with contextlib.suppress(ImportError):
        yield "OpenTelemetry SDK", _open_telemetry(folder, steps), 0.7
    with contextlib.suppress(ImportError):
        yield "ai-decision-tracer", _decisions(folder, min(steps, 2_000), steps), 0.5


def _with_tracer(tracer: Tracer, steps: int) -> Work:
    def work() -> None:
        for number in range(steps):
            with tracer.step("market_scan", symbol="BTCUSDT", number=number):
                pass

    return work


def _nothing(steps: int) -> Work:
    def work() -> None:
        for _ in range(steps):
            with contextlib.nullcontext():
                pass

    return work


def _plain_writes(folder: Path, tracer: Tracer, steps: int) -> Work:
    """The records that the tracer wrote of one step, written again and again."""
    (path,) = tracer.paths
    lines = path.read_bytes().split(b"\n")[1:3]
    start, end = (orjson.loads(line) for line in lines)
    fd = os.open(folder / "plain.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def work() -> None:
        dumps, write, option = orjson.dumps, os.write, orjson.OPT_APPEND_NEWLINE
        for _ in range(steps):
            write(fd, dumps(start, option=option))
            write(fd, dumps(end, option=option))

    return work


def _open_telemetry(folder: Path, steps: int) -> Work:
    from opentelemetry.exporter.otlp.json.file.trace_exporter import (  # type: ignore[import-not-found,unused-ignore]
        FileSpanExporter,
    )
    from opentelemetry.sdk.trace import TracerProvider  # type: ignore[import-not-found,unused-ignore]
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # type: ignore[import-not-found,unused-ignore]

    provider: Any = TracerProvider()
    # A queue that holds them all: with the default one most spans of such a loop are dropped, which costs less.
    exporter = FileSpanExporter(folder / "otel.jsonl")
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=steps * 2, max_export_batch_size=512))
    tracer = provider.get_tracer("benchmark")

    def work() -> None:
        for number in range(steps):
            with tracer.start_as_current_span("market_scan", attributes={"symbol": "BTCUSDT", "number": number}):
                pass
        provider.force_flush()

    return work


def _decisions(folder: Path, steps: int, told: int) -> Work:
    from ai_trace import Tracer as DecisionTracer  # type: ignore[import-not-found,unused-ignore]

    def work() -> None:
        for _ in range(told // steps):
            tracer = DecisionTracer("benchmark", trace_dir=str(folder / "decisions"))
            for number in range(steps):
                with tracer.step("market_scan", symbol="BTCUSDT", number=number):
                    pass

    return work
