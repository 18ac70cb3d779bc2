"""What the commands print as JSON is what the schemas say, and the schemas say all of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import Run
from tracetui.resources import samples_dir, schemas_dir

ANSWERS = {
    "list": [["list"], ["list", "--limit", "1"]],
    "stats": [["stats"]],
    "view": [["view", "failed"], ["view", "failed", "--events", "--full"], ["view", "latest", "--depth", "1"]],
    "analyze": [["analyze"], ["analyze", "--run", "failed"]],
    "tail": [["tail"], ["tail", "-n", "1000"]],
    "grep": [
        ["grep", "error"],
        ["grep", "a", "-m", "3"],
        ["grep", "--keys", "--names", "e"],
        ["grep", "-E", "t.m.out"],
    ],
    "diff": [
        ["diff", "eb3a", "6c54", "--prompts", "--in", "otlp-json"],
        ["diff", "eb3a", "6c54", "dea6", "--in", "otlp-json"],
        ["diff", "tracetui", "otlp-json"],
    ],
    "clean": [["clean"], ["clean", "--older-than", "0s"]],
    "doctor": [["doctor"]],
    "formats": [["formats"], ["formats", "--explain", "."]],
}
ITEMS = {
    "list": "run",
    "stats": "run",
    "analyze": "analysis",
    "view": "span",
    "tail": "record",
    "grep": "hit",
    "formats": "format",
}
CASES = [(name, arguments) for name, answers in ANSWERS.items() for arguments in answers]


def schema(name: str) -> Any:
    return json.loads((schemas_dir() / f"{name}-1.json").read_text(encoding="utf-8"))


def closed(value: Any) -> Any:
    """A schema whose objects with named properties take no others."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    more = {"additionalProperties": False} if "properties" in value and "additionalProperties" not in value else {}
    return {key: closed(item) for key, item in value.items()} | more


def all_objects(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from all_objects(item)


@pytest.mark.parametrize("name", list(ANSWERS))
def test_a_schema_is_a_schema_and_describes_every_property(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    properties = [prop for each in all_objects(schema(name)) for prop in each.get("properties", {}).values()]
    assert not [prop for prop in properties if not {"description", "$ref", "const", "oneOf"} & prop.keys()]


@pytest.mark.parametrize(
    ("name", "arguments"), CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_what_is_printed_is_what_the_schema_says(
    name: str, arguments: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(samples_dir())
    answer = run(*arguments, "--json")
    assert answer.code == 0, answer.err
    jsonschema.validate(answer.json, closed(schema(name)))


@pytest.mark.parametrize("name", list(ITEMS))
def test_each_json_line_is_an_item_of_the_schema(name: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(samples_dir())
    lines = run(*ANSWERS[name][0], "--jsonl").lines
    assert lines
    # One validator for all: to make one checks the schema, which takes longer than checking an item.
    item = {"$ref": f"#/$defs/{ITEMS[name]}", "$defs": closed(schema(name)["$defs"])}
    validator = jsonschema.validators.validator_for(item)(item)
    for line in lines:
        validator.validate(json.loads(line))


@pytest.mark.parametrize("name", ["list", "stats", "analyze", "tail", "grep"])
def test_an_empty_folder_is_answered_by_the_schema_too(name: str, run: Run, tmp_path: Path) -> None:
    answer = run(name, *(["x"] if name == "grep" else []), tmp_path, "--json")
    assert answer.code == 3
    jsonschema.validate(answer.json, closed(schema(name)))
