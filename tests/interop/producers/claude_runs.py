"""Records sessions of every kind with the real Claude Code, which talks to a scripted model on the loopback interface.

python claude_runs.py FOLDER CLAUDE

CLAUDE is its executable. Sessions go to FOLDER/projects/…, what it prints as ``stream-json`` to FOLDER/streams/. Prints what
its own results say, as JSON.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

PATIENCE_S = 60.0
MODEL = "claude-sonnet-4-5"


def shell(command: str) -> dict[str, Any]:
    """A call of the shell."""
    return {"name": "Bash", "input": {"command": command, "description": "a step"}}


def helper(prompt: str) -> dict[str, Any]:
    """A call of a subagent, whose tool has changed its name."""
    return {
        "name": ("Agent", "Task"),
        "input": {"description": "Look", "prompt": prompt, "subagent_type": "general-purpose"},
    }


HELPER = "[[helper]]"
STEPS: dict[str, list[dict[str, Any]]] = {
    "[[well]]": [
        {
            "thinking": "Look first.",
            "text": "I look.",
            "calls": [shell("ls -1"), shell("echo two")],
            "usage": (1200, 85, 0, 5200),
        },
        {"text": "This may fail.", "calls": [shell("cat missing.txt; exit 3")], "usage": (310, 41, 5200, 420)},
        {"calls": [helper("[[helper]] Find all callers.")], "usage": (140, 90, 5820, 150)},
        {"error": 529},
        {"text": "Done. 日本語 ✓", "usage": (180, 120, 5970, 260)},
    ],
    HELPER: [
        {"text": "Searching.", "calls": [shell("grep -rn add . || true")], "usage": (900, 33, 0, 2100)},
        {"text": "Nowhere else.", "usage": (80, 22, 2100, 90)},
    ],
    "[[goes on]]": [
        {"calls": [shell("sleep 0.2; echo again")], "usage": (95, 58, 4400, 120)},
        {"text": "Went on.", "usage": (160, 77, 4520, 210)},
    ],
    "[[badly]]": [{"text": "One.", "calls": [shell("true")], "usage": (20, 5, 0, 0)}, {"error": 400}],
    "[[killed]]": [{"text": "This takes long.", "calls": [shell("sleep 60")], "usage": (50, 9, 0, 700)}],
}


class Model(BaseHTTPRequestHandler):
    """Messages as the service streams them: the conversation is known by its last mark."""

    protocol_version = "HTTP/1.1"
    numbers = itertools.count(1)
    given: ClassVar[dict[str, int]] = {}

    def log_message(self, *_: Any) -> None:
        """Nobody listens."""

    def do_GET(self) -> None:
        """Nothing to tell."""
        self._json({})

    def do_HEAD(self) -> None:
        """It is there."""
        self._json({})

    def do_POST(self) -> None:
        """One answer."""
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        if not self.path.split("?")[0].endswith("/messages"):
            self._json({"input_tokens": 100})
            return
        tools = [tool["name"] for tool in body.get("tools") or [] if "name" in tool]
        step = self._step(json.dumps(body.get("messages"), ensure_ascii=False), tools)
        time.sleep(0.15)
        if "error" in step:
            self._json({"type": "error", "error": {"type": "refused", "message": "asked to fail"}}, step["error"])
        elif body.get("stream"):
            self._stream(self._message(body, step, tools))
        else:
            self._json(self._message(body, step, tools))

    def _step(self, said: str, tools: list[str]) -> dict[str, Any]:
        marks = [mark for mark in STEPS if mark in said]
        if not tools or not marks:
            return {"text": "A title", "usage": (40, 4, 0, 0)}
        # A session repeats what it asked of its helper, and one that goes on what was asked before.
        first = min(marks, key=said.index)
        mark = first if first == HELPER else max((mark for mark in marks if mark != HELPER), key=said.rindex)
        number = self.given.get(mark, 0)
        self.given[mark] = number + 1
        steps = STEPS[mark]
        return steps[number] if number < len(steps) else {"text": "Nothing is left.", "usage": (50, 5, 0, 0)}

    def _message(self, body: dict[str, Any], step: dict[str, Any], tools: list[str]) -> dict[str, Any]:
        blocks: list[dict[str, Any]] = []
        if "thinking" in step:
            blocks.append({"type": "thinking", "thinking": step["thinking"], "signature": "c2lnbmVk"})
        if "text" in step:
            blocks.append({"type": "text", "text": step["text"]})
        for call in step.get("calls", []):
            names = call["name"] if isinstance(call["name"], tuple) else (call["name"],)
            name = next((name for name in names if name in tools), names[0])
            blocks.append(
                {"type": "tool_use", "id": f"toolu_{next(self.numbers):05}", "name": name, "input": call["input"]}
            )
        fresh, out, read, written = step["usage"]
        usage = {
            "input_tokens": fresh,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "output_tokens": out,
        }
        reason = "tool_use" if step.get("calls") else "end_turn"
        head = {
            "id": f"msg_{next(self.numbers):08}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
        }
        return {**head, "content": blocks, "stop_reason": reason, "stop_sequence": None, "usage": usage}

    def _stream(self, message: dict[str, Any]) -> None:
        begun = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
        events: list[tuple[str, dict[str, Any]]] = [("message_start", {"message": begun})]
        for index, block in enumerate(message["content"]):
            if block["type"] == "text":
                empty, parts = {"type": "text", "text": ""}, [{"type": "text_delta", "text": block["text"]}]
            elif block["type"] == "thinking":
                empty = {"type": "thinking", "thinking": "", "signature": ""}
                parts = [
                    {"type": "thinking_delta", "thinking": block["thinking"]},
                    {"type": "signature_delta", "signature": block["signature"]},
                ]
            else:
                empty = {**block, "input": {}}
                parts = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
            events.append(("content_block_start", {"index": index, "content_block": empty}))
            events += [("content_block_delta", {"index": index, "delta": part}) for part in parts]
            events.append(("content_block_stop", {"index": index}))
        reason = {"stop_reason": message["stop_reason"], "stop_sequence": None}
        events += [("message_delta", {"delta": reason, "usage": message["usage"]}), ("message_stop", {})]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for name, data in events:
            self.wfile.write(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def _json(self, answer: object, code: int = 200) -> None:
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


@contextmanager
def served() -> Iterator[str]:
    """The model, while it is asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


class Sessions:
    """Claude Code, started as often as there are sessions."""

    def __init__(self, folder: Path, claude: str, url: str) -> None:
        self.folder, self.claude = folder, claude
        self.place = Path(tempfile.mkdtemp()) / "calc"
        self.place.mkdir()
        (self.place / "calc.py").write_text("def add(a, b):\n    return a - b\n")
        (folder / "streams").mkdir()
        self.environment = {
            **os.environ,
            "HOME": str(self.place),
            "CLAUDE_CONFIG_DIR": str(folder),
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
        }

    def start(self, name: str, *more: str, mark: str = "", config: Path | None = None) -> subprocess.Popen[bytes]:
        """A session whose prompt has this mark, or the name's."""
        command = [self.claude, "-p", f"[[{mark or name}]] Find out why the sum is wrong", "--model", MODEL]
        command += ["--allowedTools", "Bash,Task,Agent", "--output-format", "stream-json", "--verbose", *more]
        environment = self.environment if config is None else {**self.environment, "CLAUDE_CONFIG_DIR": str(config)}
        with self.stream_of(name).open("wb") as out:
            return subprocess.Popen(
                command,
                cwd=self.place,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def stream_of(self, name: str) -> Path:
        """Where its output goes: beside the sessions, but that of one that goes on tells of a part of a session only."""
        place = self.place if name == "goes on" else self.folder / "streams"
        return place / f"{name.replace(' ', '_')}.jsonl"

    def finish(self, name: str, *more: str, mark: str = "", config: Path | None = None) -> dict[str, Any]:
        """A whole session, and its result."""
        process = self.start(name, *more, mark=mark, config=config)
        process.wait(PATIENCE_S)
        lines = [json.loads(line) for line in self.stream_of(name).read_text("utf-8").splitlines()]
        return next(line for line in lines if line["type"] == "result")


def main() -> None:
    """A session of each kind: well, gone on with, badly, killed, and one of which there is only the stream."""
    with served() as url:
        sessions = Sessions(Path(sys.argv[1]), sys.argv[2], url)
        results = {"well": sessions.finish("well")}
        results["goes on"] = sessions.finish("goes on", "--resume", results["well"]["session_id"])
        results["badly"] = sessions.finish("badly")
        process = sessions.start("killed")
        until = time.monotonic() + PATIENCE_S
        while b"sleep 60" not in sessions.stream_of("killed").read_bytes():
            if time.monotonic() > until:
                raise TimeoutError("the call did not begin")
            time.sleep(0.05)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        Model.given.clear()
        results["alone"] = sessions.finish("alone", mark="well", config=Path(tempfile.mkdtemp()))
    names = ("session_id", "is_error", "num_turns", "total_cost_usd", "usage", "subtype")
    sys.stdout.write(
        json.dumps({kind: {name: result.get(name) for name in names} for kind, result in results.items()}) + "\n"
    )


if __name__ == "__main__":
    main()
