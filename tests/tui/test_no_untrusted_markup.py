"""No text from outside becomes markup: nothing in the screen hands Textual a string it would parse, unless it is a literal.

Textual reads markup in what `Static`, `Label`, `notify`, titles and tooltips are given; in a trace, `[/b]` would crash it
and `[red]` would alter what is shown. Our widgets draw pieces of text with styles instead.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tracetui.tui

TUI = Path(tracetui.tui.__file__).parent
FILES = sorted(TUI.rglob("*.py"))

MARKED_UP_CALLS = frozenset(
    (
        "Static",
        "Label",
        "Button",
        "Checkbox",
        "Option",
        "TabPane",
        "Collapsible",
        "Markdown",
        "notify",
        "add_row",
        "add_column",
    )
)
"""Calls whose text Textual reads as markup."""
FORBIDDEN_CALLS = frozenset(("from_markup", "from_ansi", "render_markup"))
"""Calls that make something else of text than the text itself."""
MARKED_UP_NAMES = frozenset(("border_title", "border_subtitle", "tooltip", "title", "sub_title", "placeholder"))
"""Attributes of widgets whose text is read as markup, or reaches the terminal as it is."""
OWN_TITLES = frozenset(("line.title", "self.title"))
"""Titles of our own rules, which are drawn as pieces."""


def findings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            if name in FORBIDDEN_CALLS:
                yield f"line {node.lineno}: {name}()"
            elif name in MARKED_UP_CALLS and any(not _is_harmless(argument) for argument in node.args):
                yield f"line {node.lineno}: {name}() with text that is not written there"
            elif name == "update" and _is_text(node.args):
                yield f"line {node.lineno}: update() with text that is not written there"
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if _is_marked_up(target) and not _is_harmless(node.value):
                    yield f"line {node.lineno}: {ast.unparse(target)} = text that is not written there"
        elif isinstance(node, ast.keyword) and node.arg == "tooltip" and not _is_harmless(node.value):
            yield f"line {node.value.lineno}: tooltip with text that is not written there"


def _name(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _is_harmless(value: ast.expr) -> bool:
    """A literal, or text made by a class that is never parsed."""
    if isinstance(value, ast.Constant):
        return True
    return isinstance(value, ast.Call) and _name(value.func) in ("Content", "Text", "content")


def _is_text(arguments: list[ast.expr]) -> bool:
    """An f-string or a `str(…)`: what one hands a label by mistake. Other arguments belong to updates of dicts and counts."""
    return any(
        isinstance(argument, ast.JoinedStr)
        or (isinstance(argument, ast.Call) and _name(argument.func) in ("str", "safe"))
        for argument in arguments
    )


def _is_marked_up(target: ast.expr) -> bool:
    if not isinstance(target, ast.Attribute) or target.attr not in MARKED_UP_NAMES:
        return False
    return not any(ast.unparse(target).endswith(own) for own in OWN_TITLES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TUI)))
def test_nothing_from_outside_is_read_as_markup(path: Path) -> None:
    assert list(findings(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "source",
    [
        "Static(name)",
        "Label(f'{name}')",
        "self.notify(text)",
        "table.add_row(a, b)",
        "widget.border_title = name",
        "widget.tooltip = name",
        "label.update(f'{name}')",
        "Text.from_markup('x')",
        "Content.from_markup(name)",
        "self.app.title = name",
        "Binding('x', 'y', tooltip=name)",
    ],
)
def test_the_check_finds_what_it_is_there_for(source: str) -> None:
    assert len(list(findings(ast.parse(source)))) == 1


@pytest.mark.parametrize(
    "source", ["Static('fixed')", "Static(Content(name))", "counts.update(rows)", "self.notify('done')"]
)
def test_the_check_lets_literals_and_plain_text_pass(source: str) -> None:
    assert list(findings(ast.parse(source))) == []
