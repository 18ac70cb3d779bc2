"""What the help says, and that it says all of it."""

import click
import pytest

from tests.cli.conftest import Run
from tracetui.cli import cli
from tracetui.cli._group import COMMANDS
from tracetui.cli._help import HELP
from tracetui.cli.screen import command as screen


def test_the_help_names_every_command_with_what_it_does(run: Run) -> None:
    text = " ".join(run("--help").out.split())
    for name, does in COMMANDS.items():
        assert f"{name} {does}" in text


def test_the_help_names_every_option_of_the_screen() -> None:
    options = [name for param in screen.params if isinstance(param, click.Option) for name in param.opts]
    assert options
    assert not [name for name in options if f"  {name} " not in HELP]


def test_the_help_fits_80_columns() -> None:
    assert max(map(len, HELP.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["--theme", "dark", "--help"]], ids=" ".join)
def test_help_is_shown_however_it_is_asked_for(arguments: list[str], run: Run) -> None:
    answer = run(*arguments)
    assert answer.code == 0
    assert answer.out.strip() == HELP.strip()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_a_help_of_its_own(name: str, run: Run) -> None:
    answer = run(name, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: tracetui {name}")


def test_the_version_is_shown(run: Run) -> None:
    assert run("--version").out.startswith("tracetui ")


def test_the_commands_are_a_click_group() -> None:
    assert isinstance(cli, click.Group)
    assert list(COMMANDS) == cli.list_commands(click.Context(cli))
