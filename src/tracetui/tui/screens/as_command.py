"""The command that prints what the screen shows: run, filter and chips as options, quoted for a shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from tracetui.core.filter import Node, Op, Term, all_of, any_of, parse, printed
from tracetui.core.model import CHIPS, class_word

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tracetui.tui.screens.main import MainScreen


def command_of(screen: MainScreen) -> str:
    """The command for the pane that has the focus: `list` for the runs, `view` for the open run."""
    paths = list(screen.tracetui.options.read_paths())
    if screen.active == "runs" or screen.opened is None:
        return list_command(paths, screen.filtering.runs_text)
    run = screen.session.store.runs[screen.opened]
    return view_command(run.id or run.key, paths, screen.filtering.text, screen.chips.active)


def list_command(paths: Sequence[str], where: str) -> str:
    """Prints the list of runs."""
    return _line(["list", *_paths(paths), *_where(where)])


def view_command(run: str, paths: Sequence[str], where: str, chips: Collection[int]) -> str:
    """Prints the tree of a run: the filter and the chips, which hold together."""
    node = parse(where) if where else None
    chosen = _of_chips(chips)
    if chosen is not None:
        node = chosen if node is None else all_of([node, chosen])
    places = [word for path in _paths(paths) for word in ("--in", path)]
    return _line(["view", run, *places, *_where("" if node is None else printed(node))])


def _of_chips(chips: Collection[int]) -> Node | None:
    """What the chips show, as a filter."""
    terms = []
    for number in sorted(chips):
        _, kinds, classes = CHIPS[number - 1]
        terms += [Term("kind", Op.has, kind.name, ()) for kind in kinds]
        terms += [Term("kind", Op.has, class_word(int(cls)), ()) for cls in classes]
    return any_of(terms) if terms else None


def _where(where: str) -> list[str]:
    return ["--where", where] if where else []


def _paths(paths: Sequence[str]) -> list[str]:
    """Paths as a command takes them: one that begins like an option is told apart by its folder."""
    return [f"./{path}" if path.startswith("-") else path for path in paths]


def _line(words: Sequence[str]) -> str:
    """Quoted for a shell, without a control character: what has one is written as bash and zsh read it, `$'…'`."""
    return " ".join(["tracetui", *map(_quoted, words)])


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    escaped = "".join(
        "\\" + char
        if char in "\\'"
        else char
        if char.isprintable()
        else "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
        for char in word
    )
    return f"$'{escaped}'"
