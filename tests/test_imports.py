"""What is loaded when: a linter sees who imports whom, only a fresh process sees what is imported late."""

import pkgutil
import subprocess
import sys

import pytest

import tracetui
import tracetui.core
from tracetui.resources import samples_dir

SCREEN = {"textual", "rich"}
LATE = {"numpy", "msgspec", "watchfiles", "lark", "genai_prices", "pydantic", "httpx2"}
CORE_MODULES = ["tracetui.core", *(m.name for m in pkgutil.walk_packages(tracetui.core.__path__, "tracetui.core."))]

# At exit, so that it is also written by a command, which leaves by SystemExit.
REPORT = "import atexit, sys; atexit.register(lambda: print('\\n' + ' '.join(sys.modules)))\n"


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh process holds after this code, which must end well."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT + code], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_importing_tracetui_loads_nothing_else() -> None:
    assert loaded_by("import tracetui") - loaded_by("pass") == {"tracetui"}


def test_every_public_name_resolves_when_asked_for() -> None:
    for name in tracetui.__all__:
        assert getattr(tracetui, name) is not None
        assert name in dir(tracetui)


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = tracetui.no_such_name


def test_the_core_never_loads_the_screen() -> None:
    assert not SCREEN & loaded_by("".join(f"import {name}\n" for name in CORE_MODULES))


def test_importing_the_commands_loads_neither_the_screen_nor_what_reading_needs() -> None:
    assert not (SCREEN | LATE) & loaded_by("import tracetui.cli")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["list", "--json"],
        ["stats"],
        ["tail"],
        ["grep", "error"],
        ["view", "latest"],
        ["export", "latest", "--to", "html"],
        ["formats"],
    ],
    ids=" ".join,
)
def test_no_command_loads_the_screen(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(samples_dir())
    command = f"import sys; sys.argv = {['tracetui', *arguments]!r}; from tracetui.cli import main; sys.exit(main())"
    assert not SCREEN & loaded_by(command)


def test_the_help_loads_nothing_that_reading_needs() -> None:
    command = "import sys; sys.argv = ['tracetui', '--help']; from tracetui.cli import main; sys.exit(main())"
    assert not LATE & loaded_by(command)
