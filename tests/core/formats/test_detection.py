"""Whose file something is: by content alone, and nothing is claimed that is nobody's."""

import io
import json
import random
import zipfile

import pytest

from tracetui.core.formats import FORMATS, Candidate, Match, Unrecognised, detect
from tracetui.core.formats._base import HEAD_BYTES

LAST_RESORT = FORMATS[-1].name
WORDS = [
    "event",
    "type",
    "status",
    "tool",
    "node_id",
    "run_id",
    "name",
    "id",
    "data",
    "steps",
    "spans",
    "level",
    "x",
    "",
]


def claim(data: bytes, name: str = "x") -> Match | Unrecognised:
    return detect(Candidate(path=f"/elsewhere/{name}", name=name, head=data[:HEAD_BYTES], size=len(data)))


def value(chance: random.Random, depth: int = 0) -> object:
    match chance.randrange(8 if depth < 3 else 5):
        case 0:
            return chance.choice(WORDS)
        case 1:
            return chance.randrange(-(10**6), 10**12)
        case 2:
            return chance.random()
        case 3:
            return chance.choice([None, True, False])
        case 4:
            return "".join(chance.choices('abc xyz-_:/\n\\"é日', k=chance.randrange(30)))
        case 5:
            return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
        case _:
            return {chance.choice(WORDS): value(chance, depth + 1) for _ in range(chance.randrange(5))}


def random_file(chance: random.Random) -> bytes:
    match chance.randrange(5):
        case 0:
            return chance.randbytes(chance.randrange(3_000))
        case 1:
            words = [chance.choice([*WORDS, "INFO", "error", "2026-11-20", "{", "}", "data:"]) for _ in range(200)]
            return chance.choice([" ", "\n", ", "]).join(words).encode()
        case 2:
            return json.dumps(value(chance), indent=chance.choice([None, 2])).encode()
        case 3:
            rows = [",".join(str(value(chance, 3)) for _ in range(4)) for _ in range(20)]
            return "\n".join(rows).encode("utf-8", "surrogatepass")
        case _:
            lines = [json.dumps({chance.choice(WORDS): value(chance) for _ in range(3)}) for _ in range(9)]
            return "\n".join(lines).encode()


def test_a_thousand_random_files_are_claimed_by_no_producers_format() -> None:
    chance = random.Random(20)
    claims = [claim(random_file(chance)) for _ in range(1_000)]
    assert {match.format.name for match in claims if isinstance(match, Match)} <= {LAST_RESORT}
    assert all(match.reason for match in claims)


def test_random_bytes_behind_the_name_of_a_recording_are_not_claimed() -> None:
    chance = random.Random(21)
    names = ["agent_trace_session_t.json", "metadata.txt", "trace_20261120_212928.jsonl", "run_x.jsonl", "a_1_2.jsonl"]
    found = [claim(chance.randbytes(500), chance.choice(names)) for _ in range(200)]
    assert [match for match in found if isinstance(match, Match)] == []


def zip_with(member: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(member, "{}")
    return held.getvalue()


NOT_READ = {
    "a zip of evaluations": (zip_with("header.json"), "zip"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(20), "zstd"),
    "logs of OpenTelemetry": (b'{"resourceLogs": []}\n', "logs"),
    "metrics of OpenTelemetry": (b'{"resourceMetrics": []}\n', "metrics"),
    "a trajectory": (b'{"schema_version": "ATIF-v1.8", "session_id": "s", "agent": {}, "steps": []}', "schema_version"),
    "a list of messages": (b'[{"role": "user", "content": "q"}]', "list"),
    "a list of actions": (b'[{"source": "user", "action": "message"}]', "list"),
    "spans of Jaeger": (b'{"data": [{"traceID": "a", "spans": []}]}', "data"),
    "a trace of Chrome": (b'{"traceEvents": [{"ph": "X"}]}', "traceEvents"),
    "an evaluation": (b'{"version": 2, "status": "success", "eval": {}}', "version"),
    "YAML": (b"traces:\n  - a\n", "not JSON"),
    "nothing": (b"", "empty"),
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_not_read_is_unrecognised_with_a_reason_that_says_what_it_looks_like(name: str) -> None:
    data, word = NOT_READ[name]
    answer = claim(data)
    assert isinstance(answer, Unrecognised)
    assert word in answer.reason
