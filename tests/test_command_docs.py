"""The tables of docs/commands.md and the manual page are what the commands say of themselves."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tracetui.cli._described import all_described

ROOT = Path(__file__).parent.parent


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SCRIPT = script("make_command_docs")
PAGE = SCRIPT.PATH.read_text(encoding="utf-8")


def test_the_tables_of_the_page_on_commands_are_what_the_script_makes_of_them_now() -> None:
    assert PAGE.splitlines() == SCRIPT.text().splitlines()  # else: scripts/make_command_docs.py


def test_every_option_of_every_command_is_named_in_its_section() -> None:
    for command in all_described():
        table = PAGE.split(f"<!-- options {command.name} -->", 1)[1].split("<!-- end -->", 1)[0]
        assert [name for option in command.options for name in option.names if f"`{name}" not in table] == []


def test_a_command_without_a_section_or_a_table_is_told() -> None:
    with pytest.raises(SystemExit, match="tracetui tail"):
        SCRIPT.text(PAGE.replace("## `tracetui tail", "## `tracetui wag"))
    with pytest.raises(SystemExit, match="options tail"):
        SCRIPT.text(PAGE.replace("<!-- options tail -->", ""))


def test_every_option_says_what_it_does() -> None:
    assert [option.names for command in all_described() for option in command.options if not option.help] == []


MAN = script("make_man_page")


def test_the_manual_page_is_what_the_script_makes_of_the_commands_now() -> None:
    assert (
        MAN.PATH.read_text(encoding="ascii").splitlines() == MAN.text().splitlines()
    )  # else: scripts/make_man_page.py


def test_the_manual_page_is_read_by_groff_without_a_complaint_and_names_every_option() -> None:
    program = shutil.which("groff")
    if program is None:
        pytest.skip("there is no groff")
    done = subprocess.run(
        [program, "-man", "-Tutf8", "-ww", "-P-cbou", MAN.PATH], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    said = " ".join(done.stdout.split())
    for command in all_described():
        assert command.usage.removeprefix("tracetui ") in said
        assert [name for option in command.options for name in option.names if name not in said] == []
    assert "such as 'kind:tool status:error dur>2s'" in said
