"""Every command over recordings with a payload in each string: what it writes, byte by byte, controls nothing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile.payloads import PAYLOADS, controls, passed_in_text
from tests.hostile.recordings import Fields, file_name, write_recordings
from tests.hostile.terminal import Terminal
from tracetui.cli import main

ALL = "".join(PAYLOADS.values())
"""All payloads in one string."""
FORMS = ("", "--json", "--jsonl")
OVER_A_FOLDER = ("list", "stats", "tail", "grep --keys e", "formats --explain")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, int]]:
    """`folders(payload)`: a folder of recordings with the payload in each string, and how many fields that are."""
    made: dict[str, tuple[Path, int]] = {}

    def make(payload: str) -> tuple[Path, int]:
        if payload not in made:
            folder, fields = tmp_path_factory.mktemp("hostile") / "traces", Fields()
            folder.mkdir()
            write_recordings(folder, payload, fields)
            made[payload] = folder, len(fields.numbers)
        return made[payload]

    return make


def passed(capfdbinary: pytest.CaptureFixture[bytes], arguments: list[str], statuses: tuple[int, ...]) -> list[str]:
    """What of a payload got into the output of a command, which must have ended as it should."""
    assert main(arguments) in statuses
    out, error = capfdbinary.readouterr()
    return passed_in_text(out) + passed_in_text(error)


def each_payload() -> Iterator[object]:
    """All payloads in one string by every command in every form, and each by itself: in plain, by two commands only."""
    for command in OVER_A_FOLDER:
        for form in FORMS:
            # All hits as JSON are 150 MB: each names the spans above it.
            is_large = form != "" and command.startswith("grep")
            if is_large:
                yield pytest.param("all", f"{command} -m 1000", form)
            yield pytest.param("all", command, form, marks=pytest.mark.long if command.startswith("grep") else ())
            for payload in PAYLOADS:
                is_short = form == "" and command in ("list", "stats")
                yield pytest.param(payload, command, form, marks=() if is_short else pytest.mark.long)


@pytest.mark.parametrize(("payload", "command", "form"), each_payload())
def test_no_payload_passes_a_command_over_a_folder(
    payload: str, command: str, form: str, folders: Callable, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder, fields = folders(PAYLOADS.get(payload, ALL))
    assert fields > 500
    assert passed(capfdbinary, [*command.split(), str(folder), *form.split()], (0,)) == []


@pytest.mark.parametrize(
    "form",
    [
        "--full --events",
        "--json --full --events",
        *(pytest.param(form, marks=pytest.mark.long) for form in ("--depth 2", "--jsonl --full", "--ascii")),
    ],
)
def test_no_payload_passes_view_of_any_run(
    form: str, folders: Callable, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder, _ = folders(ALL)
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".jsonl", ".json", ".ndjson"))
    assert len(files) > 20
    for path in files:
        # A file of several runs is wrong usage, a side file holds none: what is said of both is scanned as well.
        assert passed(capfdbinary, ["view", str(path), *form.split()], (0, 2, 3)) == []


def test_no_payload_passes_view_of_a_run_by_its_hostile_id(
    folders: Callable, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder, _ = folders(ALL)
    assert passed(capfdbinary, ["view", "latest", "--in", str(folder), "--full", "--events"], (0,)) == []
    assert passed(capfdbinary, ["view", "failed", "--in", str(folder), "--json", "--full"], (0,)) == []
    assert passed(capfdbinary, ["view", "<", "--in", str(folder)], (0, 2)) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["view", "{}"],
        ["view", "{}", "--in", "."],
        ["list", "{}"],
        ["stats", "{}", "--json"],
        ["tail", "{}", "-n", "{}"],
        ["formats", "--explain", "{}"],
        ["formats", "{}"],
        ["replay", "{}", "--into", "{}"],
        ["grep", "-E", "({}"],
        ["grep", "x", "{}", "--run", "{}"],
        ["list", "--sort", "{}"],
        ["list", "--tz", "{}"],
        ["list", "--since", "{}"],
        ["list", "--as-of", "{}"],
        ["list", "--stall-after", "{}"],
        ["list", "--{}"],
        ["--{}"],
        ["{}"],
        ["--theme", "{}", "{}"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("payload", PAYLOADS, ids=str)
def test_no_payload_passes_in_a_complaint(
    payload: str,
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = PAYLOADS[payload].replace("\0", "")
    assert passed(capfdbinary, [each.replace("{}", f"x{hostile}") for each in arguments], (2, 3)) == []


def test_no_payload_passes_where_a_name_means_several_runs(
    folders: Callable, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder, _ = folders(ALL)
    assert main(["view", str(folder)]) == 2
    _, error = capfdbinary.readouterr()
    assert error.count(b"\n") > 10
    assert passed_in_text(error) == []


def test_no_payload_passes_in_what_is_said_of_a_replay(
    folders: Callable, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder, _ = folders(ALL)
    into = tmp_path / file_name(f"x{ALL}")
    source = next(path for path in sorted(folder.rglob("*.jsonl")) if path.stat().st_size)
    assert main(["replay", str(source), "--into", str(into), "--speed", "max"]) == 0
    assert main(["replay", str(source), "--into", str(into), "--speed", "max"]) == 2
    out, error = capfdbinary.readouterr()
    assert b"is there already" in error
    assert passed_in_text(out + error) == []


def test_no_payload_passes_in_the_traceback_of_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def fail(*_arguments: object, **_keywords: object) -> None:
        raise RuntimeError(f"x{ALL}")

    monkeypatch.setattr("tracetui.core.store.Store.apply", fail)
    (tmp_path / "run.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    assert main(["list", str(tmp_path)]) == 1
    out, error = capfdbinary.readouterr()
    assert b"RuntimeError: x" in error
    assert passed_in_text(out + error) == []


def run(arguments: list[str], cwd: Path, **env: str) -> tuple[bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "tracetui", *arguments],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b'Traceback (most recent call last):\n  File "' not in done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize("command", ["stats", "view latest --full --events --in"])
def test_only_ascii_is_written_where_the_locale_is_not_utf_8(command: str, folders: Callable, tmp_path: Path) -> None:
    folder, _ = folders(ALL)
    coding = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for written in run([*command.split(), str(folder)], tmp_path, **coding):
        assert {byte for byte in written if not 0x20 <= byte < 0x7F} <= {0x0A}


@pytest.mark.parametrize("command", ["list", "tail", "view latest --full --events --in"])
def test_no_payload_passes_a_command_on_a_terminal(command: str, folders: Callable, tmp_path: Path) -> None:
    folder, _ = folders(ALL)
    with Terminal([*command.split(), str(folder)], (100, 30), tmp_path) as terminal:
        assert terminal.ended() == 0
        assert terminal.written.count(b"\n") > 10
        # The terminal itself makes a carriage return of a line's end.
        assert controls(terminal.written.decode(), "\r\n") == []


def test_json_says_the_hostile_text_as_it_was_recorded(
    folders: Callable, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder, _ = folders(PAYLOADS["title"])
    assert main(["list", str(folder), "--json"]) == 0
    out, _ = capfdbinary.readouterr()
    assert rb"\u001b]0;pwned\u001b\\" in out
