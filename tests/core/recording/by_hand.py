"""Records as a tracer would hand them to a sink, made by hand: tests of one sink need no tracer."""

import json
from collections.abc import Iterator
from pathlib import Path

from tracetui.core.recording.records import Record, RunInfo

SAMPLES = Path(__file__).parents[3] / "sample_traces" / "tracetui"
RUN = "0af7651916cd43dd8448eb211c80319c"
EPOCH = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z, ns: the second 0 of runs made here."""


def second(number: float) -> int:
    """A time of a run made here, ns."""
    return EPOCH + round(number * 1_000_000_000)


class Hand:
    """Numbers the records of one run and process."""

    def __init__(self, run: str = RUN, name: str = "nightly", pid: int = 4711, *, child: bool = False) -> None:
        self.run = RunInfo(run, name, pid, child=child)
        self._seq = 0

    def record(self, type: str, at: float, **values: object) -> Record:
        """A record of ``type`` at second ``at``; ``cls`` stands for ``class``."""
        seq, self._seq = self._seq, self._seq + 1
        values = {name.replace("cls", "class"): value for name, value in values.items()}
        told = {"type": type, "seq": seq, "time": second(at), **values}
        return Record(self.run, type, seq, json.dumps(told).encode())

    def header(self, at: float = 0, **values: object) -> Record:
        """The first record of a file."""
        seq, self._seq = self._seq, self._seq + 1
        told: dict[str, object] = {"tracetui": 1, "type": "header", "seq": seq, "run": self.run.id}
        told |= {"name": self.run.name, "time": second(at), "mono": 0, "pid": self.run.pid, "process_start": 1}
        told |= {"host": "elsewhere", "boot": "b"} | ({"child": True} if self.run.child else {})
        return Record(self.run, "header", seq, json.dumps({**told, "format_minor": 0, **values}).encode())

    def start(self, at: float, span: int, name: str, kind: str = "step", **values: object) -> Record:
        return self.record("span_start", at, span=f"{span:016x}", name=name, kind=kind, **values)

    def end(self, at: float, span: int, name: str, kind: str = "step", **values: object) -> Record:
        told = {"status": "ok", "start": second(0), "duration_ns": round(at * 1e9), **values}
        return self.record("span_end", at, span=f"{span:016x}", name=name, kind=kind, **told)

    def event(self, at: float, cls: str, span: int | None = None, **values: object) -> Record:
        where = {} if span is None else {"span": f"{span:016x}"}
        return self.record("event", at, cls=cls, **where, **values)

    def run_end(self, at: float, status: str = "ok", **values: object) -> Record:
        return self.record("run_end", at, status=status, **values)


def a_run(hand: Hand | None = None) -> list[Record]:
    """A small run that ended."""
    hand = Hand() if hand is None else hand
    return [
        hand.header(),
        hand.start(1, 1, "scan", "agent"),
        hand.start(2, 2, "search", "tool", parent=f"{1:016x}", input={"q": "x"}),
        hand.event(2.5, "log", 2, name="note", level="info", text="half way"),
        hand.end(3, 2, "search", "tool", parent=f"{1:016x}", usage={"input": 5, "output": 2}, cost_usd=0.5),
        hand.end(4, 1, "scan", "agent", status="error", error={"type": "E", "message": "no"}),
        hand.run_end(5, "error"),
    ]


def sample(name: str) -> Iterator[Record]:
    """The records of one of the project's sample recordings."""
    run = None
    for line in (SAMPLES / f"{name}.jsonl").read_bytes().splitlines():
        values = json.loads(line)
        run = RunInfo(values["run"], values["name"], values["pid"]) if run is None else run
        yield Record(run, values["type"], values["seq"], line)
