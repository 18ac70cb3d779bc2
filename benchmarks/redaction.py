"""Redaction: what the gate costs a clean record, what a record with a secret costs, and the worst that a text can do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import orjson

from benchmarks.measure import Result, cpu, in_turns
from tracetui.core.redaction import Redactor

CLEAN: Final = {
    "type": "span_end",
    "seq": 12,
    "time": 1_790_000_000_000_000_000,
    "span": "0123456789abcdef",
    "parent": "fedcba9876543210",
    "name": "market_scan",
    "kind": "step",
    "start": 1_790_000_000_000_000_000,
    "duration_ns": 123_456,
    "status": "ok",
    "attributes": {"symbol": "BTCUSDT", "signal": 0.87, "note": "the price went across the upper band"},
}
"""A record of about 300 bytes, as a step with attributes writes it."""

# What each search likes least: its own begin again and again, its middle without end, and what it must look back for.
_WORST: Final = (
    *("a", "A", "@", "\\", '"', " ", "/", "=", "."),
    *("sk-", "sk-a", "gsk_", "ghp_", "github_pat_", "glpat-", "hf_", "AKIA", "AIza", "xoxb-", "xapp-", "xai-", "pplx-"),
    *("eyJ", "eyJ.", "-eyJ", "eyJabcdefgh.", ".eyJabcdefgh"),
    *("-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "-----BEGIN " + "A" * 40),
    *("://", "http://", "a://b", "http://a:b", "http://a:b@", "a:" + "/" * 9, "a://" + "b" * 1_500),
    *("authorization:", "authorization: bearer ", "bearer ", "bearer\t\t\t\t", "\ncookie: ", "\ncookie: abcdefgh"),
    *(
        '"password":"',
        '\\"password\\":\\"',
        '"password":"a"',
        '":"',
        "'  :  '",
        '"' + "a" * 90 + '":"',
        "token",
        "api_key",
    ),
    *("?a", "&token=a", "?token=?", ";password=", ";pwd ", "AAA=", 'AAA="', "A" * 70 + "=", "API_", "key", "cred"),
)


def worst_cases(size: int) -> dict[str, str]:
    """Texts of `size` characters, by what they repeat; each holds what makes the searches begin."""
    spark = 'password token sk- gh eyJ @ AKIA AIza glpat- hf_ xox xapp- bearer authorization -----BEGIN = "'
    repeated = {piece: (piece * (size // len(piece) + 1))[:size] for piece in _WORST}
    repeated["a value that never ends"] = ('"password":"' + '\\"' * size)[:size]
    repeated["a key that never ends"] = ("-----BEGIN PRIVATE KEY-----" + "A" * size)[:size]
    return {piece: spark + text for piece, text in repeated.items()}


def redaction(quick: bool) -> Iterator[Result]:
    """A clean record against its encoding; a record with a secret; texts of 1 MB, the slowest of them under 1 s."""
    yield from _records(200 if quick else 20_000)
    yield from _texts(10_000 if quick else 1_000_000)


def _records(rounds: int) -> Iterator[Result]:
    gate, line = Redactor(), orjson.dumps(CLEAN)
    secret = CLEAN | {"attributes": {"url": "https://me:hunter2@example.org/x", "api_key": "abc", "max_tokens": 512}}

    def encoded() -> None:
        for _ in range(rounds):
            orjson.dumps(CLEAN)

    def looked_at() -> None:
        for _ in range(rounds):
            gate.suspects(line)

    def redacted() -> None:
        for _ in range(rounds // 10):
            gate.redact(secret)

    if gate.suspects(line) or gate.redact(secret)[1] != 2:
        raise AssertionError("a clean record was suspected, or a secret was left")
    clean = in_turns(cpu(encoded), cpu(looked_at), rounds=15)
    yield Result(
        f"clean record of {len(line)} bytes",
        f"{clean.ours / rounds * 1e6:.2f} us",
        f"orjson.dumps {clean.yardstick / rounds * 1e6:.2f} us",
        clean.ratio,
    )
    dirty = in_turns(cpu(encoded), cpu(redacted)).ours / (rounds // 10) * 1e6
    yield Result("record with two secrets, decoded", f"{dirty:.0f} us", "", dirty)


def _texts(size: int) -> Iterator[Result]:
    gate = Redactor()
    prose = ("The price went across the upper band, so the agent looked at what it had invoked before. " * size)[:size]
    for name, text in (("clean text", prose), ("text with one secret", f"{prose} ghp_{'a1' * 18}")):
        took = min(cpu(lambda text=text: gate.redact({"output": text}))() for _ in range(3))
        yield Result(f"{name}, {size / 1e6:g} MB", f"{took * 1e3:.0f} ms", "", took)
    times: dict[str, float] = {}
    for name, text in worst_cases(size).items():
        begun = time.process_time()
        gate.redact({"output": text})
        gate.suspects(orjson.dumps(text))
        times[name] = time.process_time() - begun
    slowest = sorted(times, key=times.__getitem__, reverse=True)[:5]
    yield Result(
        f"slowest of {len(times)} hostile texts, {size / 1e6:g} MB",
        f"{times[slowest[0]]:.2f} s",
        "",
        times[slowest[0]],
        1.0,
        ", ".join(f"{name[:24]!r} {times[name]:.2f} s" for name in slowest),
    )
