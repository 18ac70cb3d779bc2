"""A model service on the loopback interface: what it answers is written in the prompt. Standard library only.

``[[sleep=0.3]]`` waits before the answer, ``[[fail=503]]`` answers with that HTTP status (``[[fail=503@m]]``: only as model m),
``[[say=…]]`` answers with that text. Token counts are numbers of words.
"""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class ScriptedModel:
    """Serves while it is entered; ``url`` is where."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nobody listens."""

    def do_GET(self) -> None:
        """Health, and which models there are."""
        self._send(200, {"status": "ok", "models": [], "data": []})

    def do_POST(self) -> None:
        """One answer, in the shape of the service that is asked for."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        prompt = "\n".join(str(message.get("content")) for message in body.get("messages", []))
        for seconds in re.findall(r"\[\[sleep=([0-9.]+)\]\]", prompt):
            time.sleep(float(seconds))
        fail = re.search(r"\[\[fail=(\d+)(?:@([\w.-]+))?\]\]", prompt)
        if fail and fail[2] in (None, body.get("model")):
            self._send(int(fail[1]), {"error": {"message": "asked to fail", "type": "scripted"}})
            return
        say = re.search(r"\[\[say=(.*?)\]\]", prompt, re.DOTALL)
        text = say[1] if say else "Answer: " + " ".join(prompt.split()[:20])
        asked, said = len(prompt.split()), len(text.split())
        if self.path.startswith("/v1/messages"):
            content = [{"type": "text", "text": text}]
            usage = {"input_tokens": asked, "output_tokens": said}
            answer = {"id": "msg_1", "type": "message", "role": "assistant", "model": body.get("model")}
            self._send(200, {**answer, "content": content, "stop_reason": "end_turn", "usage": usage})
            return
        usage = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
        message = {"role": "assistant", "content": text}
        choices = [{"index": 0, "finish_reason": "stop", "message": message}]
        self._send(
            200,
            {"id": "1", "object": "chat.completion", "model": body.get("model"), "choices": choices, "usage": usage},
        )

    def _send(self, code: int, answer: object) -> None:
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
