"""Fill the tables of docs/commands.md from the commands themselves: which there are, and the options of each.

`.venv/bin/python scripts/make_command_docs.py` writes them anew; a test compares them. The prose is written by hand, the tables
stand between ``<!-- commands -->`` or ``<!-- options NAME -->`` and ``<!-- end -->``. ``screen`` is the screen, ``shared`` what
the commands that read runs have in common: a command's own table names those only.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from tracetui.cli._described import SCREEN, Described, DescribedCommand, all_described, shared

PATH = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
BLOCK = re.compile(r"<!-- (commands|options [a-z]+) -->\n.*?<!-- end -->\n", re.DOTALL)
SHARED = "shared"


def text(page: str | None = None) -> str:
    """The whole page, or one given as text, with its tables filled."""
    page = PATH.read_text(encoding="utf-8") if page is None else page
    found = {command.name: command for command in all_described()}
    common = shared()
    tables = {"commands": _overview(page, found), f"options {SHARED}": _table(common)}
    for name, command in found.items():
        tables[f"options {name}"] = _own(command, common) if name != SCREEN else _table(command.options)
    there = [each[1] for each in BLOCK.finditer(page)]
    if missing := [name for name in tables if there.count(name) != 1]:
        raise SystemExit(f"docs/commands.md has to hold once: {', '.join(f'<!-- {name} -->' for name in missing)}")
    if unknown := set(there) - set(tables):
        raise SystemExit(f"docs/commands.md holds what is no command: {', '.join(sorted(unknown))}")
    return BLOCK.sub(lambda each: f"<!-- {each[1]} -->\n{tables[each[1]]}<!-- end -->\n", page)


def _own(command: DescribedCommand, common: Sequence[Described]) -> str:
    """The options that only this command has in full, then the names of the others."""
    own = [option for option in command.options if option not in common]
    others = [f"`{option.names[-1]}`" for option in command.options if option in common]
    parts = [_table(own)] if own else []
    if others:
        begin = "And, as" if own else "As"
        parts.append(
            f"{begin} [all reading commands](#what-the-reading-commands-have-in-common): {', '.join(others)}.\n"
        )
    return "\n".join(parts)


def _table(options: Sequence[Described]) -> str:
    rows = [f"| {_names(option)} | {_cell(option.help)} |\n" for option in options]
    return "".join(("| option | does |\n|---|---|\n", *rows))


def _names(option: Described) -> str:
    value = f" {option.metavar}" if option.metavar else ""
    return ", ".join(f"`{name}{value}`" for name in option.names).replace("|", "\\|")


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _overview(page: str, found: dict[str, DescribedCommand]) -> str:
    rows = [f"| {_link(page, command)} | {_cell(command.does)} |\n" for command in found.values()]
    return "".join(("| command | does |\n|---|---|\n", *rows))


def _link(page: str, command: DescribedCommand) -> str:
    """The usage, which leads to the section of the command."""
    name = r"\[PATH" if command.name == SCREEN else f"{command.name}\\b"
    heading = re.search(rf"^## (.*`tracetui {name}.*)$", page, re.MULTILINE)
    if heading is None:
        raise SystemExit(f"docs/commands.md has no section with a heading like ## `{command.usage}`")
    anchor = re.sub(r"[^\w -]", "", heading[1].lower()).replace(" ", "-")
    return f"[`{command.usage}`](#{anchor})".replace("|", "\\|")


def main() -> None:
    """Write the file."""
    PATH.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
