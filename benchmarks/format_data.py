"""Recordings of every format to measure with: the records of ``sample_traces/``, repeated with other ids.

A function for each makes one long run; ``many_files`` copies of the samples at the size that producers write them, each a run
of its own.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from benchmarks.data import cached
from benchmarks.measure import ROOT

_SAMPLES: Final = ROOT / "sample_traces"
_CLAUDE: Final = "claude-code/projects/-home-demo-shop/0f6f3b3e-6a3b-4a55-9d7c-2b0f7f1f9a10.jsonl"
_DRA: Final = "design-research-agents/run_20261120T212929Z_every-event.jsonl"
_OBSERVED: Final = "hillstar/1.2.1/loop/traces/trace_step_00_20261120_212930.jsonl"
_LOGGED: Final = "hillstar/1.2.1/loop/traces/trace_20261120_212930.jsonl"
_NESTED: Final = "ddeutil-workflow/traces/run_id=20261120212935467780T7265431281"
_DATABASE: Final = "ddeutil-workflow/workflow_traces_0.0.86.db"
_STEPS: Final = "ai-decision-tracer/trading_agent/trading_agent_20261120_211536"
_SESSION: Final = "ragflow/agent_trace_session_task-qa.json"
_EVENTS: Final = "ragflow/agent_trace_events_task-qa.json"
_STREAM: Final = "ragflow/fail.streaming.sse.txt"

_UUID: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HEX: Final = re.compile(rb'(?<=")(?:[0-9a-f]{32}|[0-9a-f]{16})(?=")')
_CLAUDE_ID: Final = re.compile(rb'(?<=")(?:msg|req|toolu)_\w+(?=")')
_NODE: Final = re.compile(rb'("node_id": ")')
_OWN_ID: Final = re.compile(rb'("run_id":")(\d{20})(T\d{10})')
_CUT_END: Final = re.compile(rb"(-> )(\d{10})(\d{8})")
_WRITTEN: Final = re.compile(rb"2026-11-20 \d\d:\d\d:\d\d")
_QUOTED_NAME: Final = re.compile(rb"(: ')(\w[^'\"]*)(')")

_INSERT: Final = (
    "insert into traces (run_id, parent_run_id, level, message, error_flag, datetime, process, thread, filename, lineno, "
    "cut_id, hostname, ip_address, python_version, package_version, tags) values (:run_id, :parent_run_id, :level, :message, "
    ":error_flag, :datetime, :process, :thread, :filename, :lineno, :cut_id, :hostname, :ip_address, :python_version, "
    ":package_version, :tags)"
)


def sample(path: str) -> bytes:
    """The bytes of one of the project's samples."""
    return (_SAMPLES / path).read_bytes()


def changed(pattern: re.Pattern[bytes], data: bytes, number: int) -> bytes:
    """Every hexadecimal or spelt id that the pattern finds replaced by another one of its shape, the same for the same id."""

    def other(found: re.Match[bytes]) -> bytes:
        digits = hashlib.blake2b(b"%d %b" % (number, found[0]), digest_size=16).hexdigest().encode()
        if b"-" in found[0]:
            return b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        if b"_" in found[0]:
            return found[0].split(b"_")[0] + b"_01" + digits[:22]
        return digits[: len(found[0])]

    return pattern.sub(other, data)


def claude_code(size: int) -> Path:
    """One session as Claude Code keeps it, its conversation repeated."""
    lines = sample(_CLAUDE).splitlines(keepends=True)

    def copy(number: int) -> bytes:
        body = b"".join(line for line in lines if b'"uuid"' in line)
        session = Path(_CLAUDE).stem.encode()  # its own id stays
        parts = body.split(session)
        return session.join(changed(_CLAUDE_ID, changed(_UUID, part, number), number) for part in parts)

    return _one("claude-code", Path(_CLAUDE).name, size, copy)


def design_research_agents(size: int) -> Path:
    """One run: what happens below its root is repeated."""
    lines = sample(_DRA).splitlines(keepends=True)
    root = orjson.loads(lines[0])["span_id"].encode()
    first, last = ([line for line in lines if kind in line] for kind in (b'"RunStarted"', b'"RunFinished"'))
    body = b"".join(line for line in lines if line not in first and line not in last).split(root)

    def make(path: Path) -> None:
        path.mkdir()
        copies = _copies(lambda number: root.join(changed(_HEX, part, number) for part in body), size)
        (path / Path(_DRA).name).write_bytes(b"".join([*first, *copies, *last]))

    return cached(f"format-dra-{size}", make)


def otlp_json(size: int) -> Path:
    """Requests of one exporter, each with traces of its own."""
    data = sample("otlp-json/genai.jsonl")
    return _one("otlp-json", "genai.jsonl", size, lambda number: changed(_HEX, data, number))


def hillstar(size: int) -> Path:
    """Both files of one run: the observer's and the logger's."""
    return _hillstar("hillstar", size, observed=True)


def hillstar_logged(size: int) -> Path:
    """What the logger writes where no observer runs."""
    return _hillstar("hillstar-logged", size, observed=False)


def _hillstar(name: str, size: int, *, observed: bool) -> Path:
    def make(path: Path) -> None:
        path.mkdir()
        for file, head in ((_OBSERVED, 1), (_LOGGED, 1))[0 if observed else 1 :]:
            lines = sample(file).splitlines(keepends=True)
            first, body = lines[:head], [line for line in lines[head:] if b'"node_id"' in line]
            last = [line for line in lines[head:] if b'"node_id"' not in line]
            copies = _copies(lambda number, body=body: _NODE.sub(rb"\g<1>n%d-" % number, b"".join(body)), size // 2)  # type: ignore[misc]
            (path / Path(file).name).write_bytes(b"".join([*first, *copies, *last]))

    return cached(f"format-{name}-{size}", make)


def ddeutil_metadata(size: int) -> Path:
    """The folder of one run with its records as JSON lines."""
    return _ddeutil("metadata", size, ["metadata.txt"])


def ddeutil_text(size: int) -> Path:
    """The folder of one run with its text log alone."""
    return _ddeutil("text", size, ["stdout.txt"])


def _ddeutil(name: str, size: int, files: list[str]) -> Path:
    def make(path: Path) -> None:
        folder = path / "traces" / Path(_NESTED).name
        folder.mkdir(parents=True)
        for file in files:
            (folder / file).write_bytes(b"".join(ddeutil_lines(file, size)))

    return cached(f"format-ddeutil-{name}-{size}", make)


def ddeutil_lines(file: str, size: int) -> Iterator[bytes]:
    """Lines of one workflow whose jobs and stages are repeated two seconds later under other names and ids."""
    lines = sample(f"{_NESTED}/{file}").splitlines(keepends=True)
    own = Path(_NESTED).name.removeprefix("run_id=").encode()  # the run's own id stays

    def copy(number: int) -> bytes:
        later = timedelta(seconds=2 * number)

        def written(found: re.Match[bytes]) -> bytes:
            return str(datetime.fromisoformat(found[0].decode()) + later).encode()

        def id_(found: re.Match[bytes]) -> bytes:
            if found[2] + found[3] == own:
                return found[0]
            made = datetime.strptime(found[2].decode(), "%Y%m%d%H%M%S%f") + later
            return found[1] + made.strftime("%Y%m%d%H%M%S%f").encode() + found[3]

        def cut(found: re.Match[bytes]) -> bytes:
            if found[2] == own[10:20]:
                return found[0]
            made = datetime.strptime(found[2].decode(), "%M%S%f") + later
            return found[1] + made.strftime("%M%S%f").encode() + found[3]

        body = _WRITTEN.sub(written, b"".join(lines[1:-1]))
        return _QUOTED_NAME.sub(rb"\g<1>\g<2>%d\g<3>" % number, _CUT_END.sub(cut, _OWN_ID.sub(id_, body)))

    yield lines[0]
    yield from _copies(copy, size)
    yield lines[-1]


def ddeutil_database(size: int) -> Path:
    """The same records as rows of the producer's table."""

    def make(path: Path) -> None:
        with sqlite3.connect(_SAMPLES / _DATABASE) as model:
            schema = model.execute(
                "select sql from sqlite_master where sql like 'CREATE %' and name != 'sqlite_sequence'"
            )
            statements = [statement for (statement,) in schema]
        model.close()
        with sqlite3.connect(path) as database:
            for statement in statements:
                database.execute(statement)
            for line in b"".join(ddeutil_lines("metadata.txt", size)).splitlines():
                record = orjson.loads(line) | {"tags": "[]"}
                database.execute(_INSERT, record)
        database.close()

    return cached(f"format-ddeutil-{size}.db", make)


def decision_lines(size: int) -> Path:
    """One session's steps as they are saved one by one."""
    return _decisions("lines", size, [".jsonl"])


def decision_session(size: int) -> Path:
    """One session saved as a document."""
    return _decisions("session", size, [".json"])


def decisions(size: int) -> Path:
    """One session as lines and as a document: half of the bytes or so each."""
    return _decisions("both", size, [".json", ".jsonl"])


def _decisions(name: str, size: int, suffixes: list[str]) -> Path:
    lines = sample(f"{_STEPS}.jsonl").splitlines(keepends=True)

    def make(path: Path) -> None:
        path.mkdir()
        # The document is indented, so it is larger than its lines.
        share = size // 3 if len(suffixes) == 2 else size if suffixes == [".jsonl"] else size // 2
        records = b"".join(_copies(lambda number: _at(lines, number), share))
        if ".jsonl" in suffixes:
            (path / f"{Path(_STEPS).name}.jsonl").write_bytes(records)
        if ".json" in suffixes:
            session = orjson.loads(sample(f"{_STEPS}.json"))
            session["steps"] = [orjson.loads(line) for line in records.splitlines()]
            written = orjson.dumps(session, option=orjson.OPT_INDENT_2)
            (path / f"{Path(_STEPS).name}.json").write_bytes(written)

    return cached(f"format-decisions-{name}-{size}", make)


def _at(lines: list[bytes], number: int) -> bytes:
    """Steps that begin a second of their own later."""
    moved = []
    for line in lines:
        step = orjson.loads(line)
        step["started_at"] += number
        step["finished_at"] += number
        for log in step["logs"]:
            log["_t"] += number
        moved.append(orjson.dumps(step) + b"\n")
    return b"".join(moved)


def ragflow_session(size: int) -> Path:
    """One session's value, its lists repeated."""
    session = orjson.loads(sample(_SESSION))

    def make(path: Path) -> None:
        lists = {key: orjson.dumps(value) for key, value in session.items() if isinstance(value, list)}
        repeated = dict(session)
        for key, value in lists.items():
            copies = size // sum(map(len, lists.values()))
            repeated[key] = [item for number in range(copies) for item in orjson.loads(_ragflow(value, number))]
        path.write_bytes(orjson.dumps(repeated))

    return cached(f"format-agent_trace_session_task-qa-{size}.json", make)


def ragflow_events(size: int) -> Path:
    """The value of one run's events."""
    events = orjson.dumps(orjson.loads(sample(_EVENTS)))[1:-1]

    def make(path: Path) -> None:
        path.write_bytes(b"[" + b",".join(_copies(lambda number: _ragflow(events, number), size)) + b"]")

    return cached(f"format-agent_trace_events_task-qa-{size}.json", make)


def ragflow_stream(size: int) -> Path:
    """The events of one run as they are sent while it runs."""
    blocks = sample(_STREAM)
    return _one("ragflow", Path(_STREAM).name, size, lambda number: _ragflow(blocks, number))


def _ragflow(data: bytes, number: int) -> bytes:
    return re.sub(
        rb'("(?:component_id|call_id|retrieval_id)": ?")', rb"\g<1>%d-" % number, changed(_UUID, data, number)
    )


def json_lines(size: int) -> Path:
    """A service's log."""
    data = sample("json-lines/crawler.jsonl")
    return _one("json-lines", "crawler.jsonl", size, lambda number: data.replace(b"/page/", b"/page/%d-" % number))


def many_files(name: str, size: int) -> Path:
    """A folder of copies of the samples of one producer, at the size in which they are written."""
    parts = {
        "claude-code": [_CLAUDE],
        "design-research-agents": [_DRA],
        "otlp-json": ["otlp-json/genai.jsonl"],
        "hillstar": [_OBSERVED, _LOGGED],
        "ddeutil-workflow": [f"{_NESTED}/metadata.txt", f"{_NESTED}/stdout.txt"],
        "ai-decision-tracer": [f"{_STEPS}.json", f"{_STEPS}.jsonl"],
        "ragflow": [_SESSION, _EVENTS],
        "json-lines": ["json-lines/crawler.jsonl"],
    }[name]

    def make(path: Path) -> None:
        for number in range(max(1, size // sum(len(sample(part)) for part in parts))):
            for part in parts:
                _write_copy(path, part, number)

    return cached(f"format-many-{name}-{size}", make)


def _write_copy(path: Path, part: str, number: int) -> None:
    data, name, folder = sample(part), Path(part).name, path
    if part == _CLAUDE:
        data, name = (
            changed(_CLAUDE_ID, changed(_UUID, data, number), number),
            changed(_UUID, name.encode(), number).decode(),
        )
        folder = path / "-home-demo-shop"
    elif part in (_OBSERVED, _LOGGED):
        folder = path / f"run-{number}" / "traces"
    elif part.startswith(_NESTED):
        own = f"{(7265431281 + number) % 10**10:010d}"
        data, folder = data.replace(b"7265431281", own.encode()), path / Path(_NESTED).name.replace("7265431281", own)
    elif part == _DRA:
        data = changed(_HEX, data, number).replace(b'"run_id": "every-event"', b'"run_id": "run-%d"' % number)
        name = name.replace("every-event", f"run-{number}")
    elif part.startswith(_STEPS):
        folder = path / f"agent-{number}"
    elif part in (_SESSION, _EVENTS):
        name, data = name.replace("task-qa", f"task-{number}"), changed(_UUID, data, number)
    else:
        name, data = f"{number}-{name}", changed(_HEX, data, number)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def _one(folder: str, name: str, size: int, copy: Callable[[int], bytes]) -> Path:
    def make(path: Path) -> None:
        path.mkdir()
        (path / name).write_bytes(b"".join(_copies(copy, size)))

    return cached(f"format-{folder}-{size}", make)


def _copies(copy: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    written = number = 0
    while written < size:
        data = copy(number)
        written += len(data)
        number += 1
        yield data
