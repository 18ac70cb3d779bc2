"""What is taken of a span, and secrets that are found on the screen."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from tests.core.planted import PREFIXED
from tracetui.core.errors import TracetuiError
from tracetui.core.exporting.apart import Order, encoded
from tracetui.core.exporting.apart import run as export
from tracetui.core.loading import load
from tracetui.core.model import ErrorInfo, Kind, Message, SpanDetail, Status
from tracetui.core.redaction import Redactor
from tracetui.resources import from_home, samples_dir
from tracetui.tui.screens.exporting import free_name, usual_folder, zone_name
from tracetui.tui.screens.screenshot import painted
from tracetui.tui.secrets_seen import Striker, secrets_of
from tracetui.tui.session import local_timezone
from tracetui.tui.taken import of_value, telling

ASKED = [Message("system", "be brief"), Message("user", "first"), Message("assistant", "yes"), Message("user", "then")]
FAILED = ErrorInfo("no sources", "SourceError")


@pytest.mark.parametrize("status", [Status.ok, Status.error, Status.open])
def test_of_a_model_call_the_newest_message_of_the_user_is_taken(status: Status) -> None:
    detail = SpanDetail(messages=[*ASKED, Message("assistant", "done")], error=FAILED)
    assert telling(Kind.llm, status, "call", detail) == ("newest user message", "then")


def test_without_a_user_it_is_what_the_model_was_sent_last() -> None:
    detail = SpanDetail(messages=[Message("system", "go"), Message("tool", "42"), Message("assistant", "done")])
    assert telling(Kind.llm, Status.ok, "call", detail) == ("newest tool message", "42")


@pytest.mark.parametrize(
    ("kind", "status", "detail", "expected"),
    [
        (Kind.tool, Status.ok, SpanDetail(input={"q": 1}, output=2), ("arguments", {"q": 1})),
        (Kind.tool, Status.error, SpanDetail(input={"q": 1}, error=FAILED), ("error", "SourceError: no sources")),
        (Kind.step, Status.ok, SpanDetail(input=None, output=2), ("input", None)),
        (Kind.step, Status.ok, SpanDetail(output=2), ("output", 2)),
        (Kind.llm, Status.error, SpanDetail(error=FAILED), ("error", "SourceError: no sources")),
        (Kind.step, Status.ok, SpanDetail(), ("name", "call")),
    ],
)
def test_the_most_telling_value_is_taken(
    kind: Kind, status: Status, detail: SpanDetail, expected: tuple[str, object]
) -> None:
    assert telling(kind, status, "call", detail) == expected


def test_a_value_becomes_text_as_recorded_json_with_indents_bytes_with_escapes() -> None:
    assert of_value("a\x1b").take().text() == "a\x1b"
    assert of_value({"a": [1]}).take().data() == (b'{\n  "a": [\n    1\n  ]\n}', ".json")
    assert of_value(b"\xff").take().text() == "\\xff"
    assert of_value(b'{"a"').take().data() == (b'{"a"', ".json")


# ---------------------------------------------------------------- where an export goes


def test_an_export_takes_a_name_that_nothing_has(tmp_path: Path) -> None:
    (tmp_path / "run.html").touch()
    (tmp_path / "run-2.html").symlink_to("nowhere")
    assert free_name(tmp_path, "run", ".html") == tmp_path / "run-3.html"


def test_an_export_goes_nowhere_near_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traces, home = tmp_path / "traces", tmp_path / "home"
    for folder in (traces, home):
        folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    assert usual_folder([str(traces)]) == tmp_path
    monkeypatch.chdir(traces)
    assert usual_folder(["."]) == home
    assert usual_folder([str(tmp_path)]) not in (home, traces)


def test_a_path_in_the_home_of_nobody_is_one_that_is_not_there() -> None:
    assert from_home("~nobody-of-that-name/run.md") == Path("~nobody-of-that-name/run.md")
    assert from_home("~/run.md") == Path.home() / "run.md"


def test_a_zone_is_told_by_name_or_by_seconds() -> None:
    from datetime import timedelta, timezone
    from zoneinfo import ZoneInfo

    assert zone_name(ZoneInfo("Europe/Paris")) == "Europe/Paris"
    assert zone_name(timezone(timedelta(hours=-2))) == "-7200"
    assert zone_name(local_timezone())


# ---------------------------------------------------------------- secrets on the screen

SECRETS = {name: make(5) for name, make in PREFIXED.items()}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_struck_out_whole_cut_and_wrapped(kind: str) -> None:
    gate = Redactor()
    secret = SECRETS[kind]
    striker = Striker(secrets_of({"note": f"before {secret} after"}, gate), gate)
    for line in secret.splitlines():
        body = line.strip()
        if body.startswith("-----"):
            continue
        taken_out = "".join(secrets_of({"note": f"before {secret} after"}, gate))
        for shown in (f'  note  "before {body}', f"│ {body[: len(body) // 2]}… │", f"▏ {body[len(body) // 2 :]} x"):
            struck = striker.struck(shown)
            assert len(struck) == len(shown)
            assert not [
                at for at in range(len(body) - 8) if (piece := body[at : at + 9]) in struck and piece in taken_out
            ]


def test_a_secret_that_only_its_key_tells_is_struck_out_where_it_stands_alone() -> None:
    gate = Redactor()
    striker = Striker(secrets_of({"password": "hunter2", "pin": {"api_key": 12345678}}, gate), gate)
    assert striker.struck('  password    "hunter2"   api_key 12345678') == '  password    "xxxxxxx"   api_key xxxxxxxx'
    assert striker.struck("the hunter2000 is a car") == "the hunter2000 is a car"


def test_a_picture_of_lines_has_their_texts_colours_and_no_secret() -> None:
    secret = SECRETS["openai"]
    line = [Segment(f"key {secret[:20]}", Style(color="#ff5f5f", bold=True)), Segment(" <&>", Style(reverse=True))]
    svg = painted(
        [line, [Segment("second")]], 40, {secret}, TerminalTheme((18, 18, 18), (208, 208, 208), [(0, 0, 0)] * 8)
    )
    document = ElementTree.fromstring(svg)  # noqa: S314 - a picture of our own
    shown = [element.text for element in document.iter("{http://www.w3.org/2000/svg}text")]
    assert shown == ["key xxxxxxxxxxxxxxxxxxxx", " <&>", "second"]
    assert 'fill="#ff5f5f" font-weight="bold"' in svg
    assert secret[:8] not in svg


# ---------------------------------------------------------------- the process that exports

ORDER = Order([str(samples_dir() / "tracetui")], "tracetui", "", "", "md", "", 1_830_000_000_000_000_000)


def ordered(target: Path, output: str = "md") -> Order:
    loaded = load(ORDER.paths)
    run = next(run for run in loaded.runs if run.name == "support_bot")
    return replace(ORDER, key=run.key, id=run.id, format=run.format, output=output, target=str(target))


def test_an_export_is_ordered_from_a_process_and_replaces_nothing(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    path = tmp_path / "run.md"
    order = Order(**json.loads(encoded(ordered(path))))
    export(order, told.append)
    assert told[-1] == {"bytes": path.stat().st_size, "secrets": 0, "notes": []}
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(TracetuiError, match="is there already"):
        export(order, told.append)


def test_an_export_of_a_run_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(TracetuiError, match="gone"):
        export(replace(ORDER, key="none", target=str(tmp_path / "x")), lambda _answer: None)


@pytest.mark.parametrize("at", [131_060, 131_072, 262_130])
def test_a_secret_is_found_where_two_parts_of_a_long_text_meet(at: int) -> None:
    secret = "sk-ant-api03-" + "Ab9" * 20
    text = "words " * 60_000
    text = f"{text[:at]} {secret} {text[at:]}"
    assert any(secret in found for found in secrets_of({"output": text}, Redactor()))
