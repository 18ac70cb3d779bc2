"""Secrets of every listed kind, planted in every field of a run: no export holds one, unless it is asked to."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.core.exporting.exported import NAMES, Page, recorded, written
from tests.core.planted import PREFIXED

SECRETS = {name: make(5) for name, make in PREFIXED.items()}


def planted(folder: Path, *secrets: str, redact: bool = True) -> Any:
    """A run with each secret in each field of a span, the first in each of the run's own."""
    spans: list[dict[str, Any]] = []
    for secret in secrets:
        error = {"type": f"Denied {secret}", "message": f"for {secret}", "traceback": f"File x\n{secret}"}
        calls = [{"function": {"name": secret, "arguments": {"key": secret}}}]
        message = {"role": "user", "content": f"use {secret}", "name": secret, "tool_calls": calls}
        usage = {"input": 812, "output": 64}
        call = {
            "name": f"call {secret}",
            "kind": "llm",
            "model": secret,
            "input": [message],
            "output": message,
            "usage": usage,
        }
        spans += [
            {"span": secret, **call},
            {"parent": secret, "name": "child", "input": {secret: [secret]}, "output": f"got {secret}"},
            {"name": "third", "attributes": {"note": secret, secret: 1, "nested": {"deep": [secret]}}},
            {"name": "failed", "status": "error", "error": error},
        ]
    first = secrets[0]
    path = folder / f"in {first[:30]}"
    path.mkdir()
    return recorded(
        path, *spans, redact=redact, name=f"run {first}", run=f"run-{first}", meta={"why": first, first: first}
    )


def is_there(secret: str, text: str) -> bool:
    """Whether the telling part of a secret stands in a text, also with JSON's escapes once or twice."""
    part = secret.splitlines()[1] if "\n" in secret else secret
    return part in text or part in text.replace("\\", "")


@pytest.mark.parametrize("output", NAMES)
def test_no_export_holds_a_planted_secret(output: str, tmp_path: Path) -> None:
    job = planted(tmp_path, *SECRETS.values())
    text = written(job, output)
    assert [kind for kind, secret in SECRETS.items() if is_there(secret, text)] == []
    assert job.gate.count > 5 * len(SECRETS)


@pytest.mark.parametrize("output", NAMES)
def test_every_export_holds_them_where_it_is_asked_to(output: str, tmp_path: Path) -> None:
    secret = SECRETS["openai"]
    job = planted(tmp_path, secret, redact=False)
    assert secret in written(job, output)
    assert job.gate.count == 0


def test_children_keep_their_parent_although_its_id_was_a_secret(tmp_path: Path) -> None:
    document = json.loads(written(planted(tmp_path, SECRETS["openai"]), "json"))
    _, parent, child, *_ = document["spans"]
    assert parent["id"].startswith("redacted-")
    assert child["parent"] == parent["id"]
    assert document["redactions"] > 10


def test_counts_of_tokens_are_no_secrets(tmp_path: Path) -> None:
    job = planted(tmp_path, SECRETS["openai"])
    assert json.loads(written(job, "json"))["spans"][1]["tokens"]["input"] == 812
    assert "812" in written(job, "csv")


def test_how_many_were_taken_out_is_told_in_the_export(tmp_path: Path) -> None:
    secret = SECRETS["openai"]
    told = {
        "json": lambda text: json.loads(text)["redactions"],
        "jsonl": lambda text: json.loads(text.splitlines()[-1])["redacted"],
        "md": lambda text: int(text.split("redacted    yes: ")[1].split()[0]),
        "html": lambda text: int(dict(Page(text).data["run"][0]["about"])["redacted"].split()[1]),
        "otlp": lambda text: int(text.split('"tracetui.redactions","value":{"intValue":"')[1].split('"')[0]),
    }
    for number, (output, count) in enumerate(told.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert count(written(planted(folder, secret), output)) > 10, output
