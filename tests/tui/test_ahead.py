"""What a key needs is loaded before the key is pressed: nothing that the screen imports late is left out."""

import ast
import asyncio
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tracetui.tui
from tracetui.tui import ahead

FIRST = {"app.py", "run.py"}
"""What these import late is needed before the first frame."""


def imported_late() -> Iterator[str]:
    """What functions under `tui` import."""
    root = Path(tracetui.tui.__file__).parent
    for path in root.rglob("*.py"):
        functions = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef))
        for node in (each for function in functions for each in ast.walk(function) if path.name not in FIRST):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.module or ""


def test_every_module_of_the_screen_is_loaded_ahead() -> None:
    found = {each.name for each in pkgutil.walk_packages(tracetui.tui.__path__, "tracetui.tui.") if not each.ispkg}
    assert found - set(ahead.modules()) == set()


def test_what_the_screen_imports_late_is_loaded_with_them() -> None:
    names = sorted(ahead.modules())
    code = f"import importlib, sys; [importlib.import_module(name) for name in {names!r}]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(imported_late()) - set(done.stdout.split()) == set()


async def test_nothing_is_loaded_before_there_is_something_to_see(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(ahead, "_LOOK_S", 0)
    monkeypatch.setattr(ahead, "_FIRST_S", 0)
    monkeypatch.setattr(ahead, "modules", lambda: loaded.append("asked") or [])
    monkeypatch.setattr(ahead, "gc", type("NoCollector", (), {"freeze": staticmethod(lambda: None)}))
    answers = iter((False, False, True))
    seen: list[list[str]] = []

    def is_ready() -> bool:
        seen.append(list(loaded))
        return next(answers)

    await asyncio.wait_for(ahead.load(is_ready), 10)
    assert seen == [[], [], []]
    assert loaded == ["asked"]
