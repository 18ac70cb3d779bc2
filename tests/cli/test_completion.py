"""`tracetui completion`: bash loads its script and is asked; the scripts of the others are checked where there is the shell."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tracetui.cli._described import all_described
from tracetui.cli._group import COMMANDS
from tracetui.core.filter.fields import FIELDS, STATUS_WORDS

BASH = shutil.which("bash")
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with a folder of traces, where the script of bash lies."""
    from tracetui.cli._shells import script

    place = tmp_path_factory.mktemp("here")
    (place / "traces").mkdir()
    (place / "trace s.jsonl").touch()
    (place.parent / "script.bash").write_text(script("bash"))
    return place


def completed(folder: Path, *words: str) -> list[str]:
    """What bash offers for the last word, which it has taken apart at ``:`` and ``=`` if there is no quote."""
    if BASH is None:
        pytest.skip("there is no bash")
    code = """source ../script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tracetui; printf '%s\\n' "${COMPREPLY[@]}" """
    done = subprocess.run(
        [BASH, "--norc", "-c", code, "-", "tracetui", *words], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stderr.replace("compopt: not currently executing completion function", "").count("\n") <= 2
    return [line for line in done.stdout.splitlines() if line]


def test_commands_options_of_the_screen_and_files_come_first(folder: Path) -> None:
    assert set(completed(folder, "")) == {*COMMANDS, "traces", "trace s.jsonl"}
    assert completed(folder, "li") == ["list"]
    assert set(completed(folder, "tr")) == {"traces", "trace s.jsonl"}
    assert completed(folder, "--sa") == ["--sample"]


def test_every_option_of_every_command_is_offered(folder: Path) -> None:
    for command in all_described():
        typed = [] if command.name == "screen" else [command.name]
        names = {name for option in command.options for name in option.names}
        assert names - {*completed(folder, *typed, "-")} == set()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["list", "--sort", "-dur"], ["-duration"]),
        (["--theme", "dar"], ["dark"]),
        (["--theme", "=", "dar"], ["dark"]),
        (["--theme=dar"], ["dark"]),
        (["completion", ""], list(SHELLS)),
        (["clean", "--format", "clau"], ["claude-code"]),
        (["list", "--tz", ""], ["local", "UTC"]),
        (["list", "--limit", ""], []),
        (["grep", ""], []),
        (["grep", "needle", "tr"], ["traces", "trace s.jsonl"]),
        (["grep", "-C", "3", "needle", "--run", "lat"], ["latest"]),
        (["view", "fa"], ["failed"]),
        (["diff", "failed", "lat"], ["latest"]),
        (["view", "latest", "--in", "traces"], ["traces"]),
        (["replay", "--into", "traces", "trace "], ["trace s.jsonl"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_values_are_offered_where_they_can_be_listed(typed: list[str], offered: list[str], folder: Path) -> None:
    assert sorted(completed(folder, *typed)) == sorted(offered)


def test_filters_are_completed_word_by_word_in_quotes_and_without(folder: Path) -> None:
    begins = completed(folder, "list", "--where", "'kind:tool (")
    assert {each.rstrip(":>.") for each in begins} == {f"kind:tool ({word}" for word in (*FIELDS, "and", "or", "not")}
    assert completed(folder, "list", "--where", "'kind:tool st") == ["kind:tool status:"]
    assert completed(folder, "list", "--where", '"not status:') == [f"not status:{word}" for word in STATUS_WORDS]
    assert completed(folder, "list", "--where", "kind", ":", "to") == ["tool", "token"]
    assert completed(folder, "list", "--where", "du") == ["dur>"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_names_every_command_and_option_and_is_right_by_its_shell(
    shell: str, run: Run, tmp_path: Path
) -> None:
    answer = run("completion", shell)
    assert answer.code == 0
    for command in all_described():
        long = [name for option in command.options for name in option.names if name.startswith("--")]
        assert [name for name in (*long, command.name) if name.removeprefix("--") not in answer.out] == []
    program = shutil.which(shell)
    if program is not None:
        path = tmp_path / "script"
        path.write_text(answer.out)
        subprocess.run([program, "-n", path], check=True)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_theme_with_a_name_that_a_shell_would_run_is_not_offered(shell: str, run: Run, home: Path) -> None:
    own = home / ".config" / "tracetui" / "themes"
    own.mkdir(parents=True)
    for name in ("$(touch x)", "'; touch x #", "`id`", "mine"):
        (own / f"{name}.toml").write_text("")
    answer = run("completion", shell)
    assert "mine" in answer.out
    assert "touch" not in answer.out
    assert "`id" not in answer.out


def test_another_shell_is_wrong_usage(run: Run) -> None:
    assert run("completion", "tcsh").code == 2
