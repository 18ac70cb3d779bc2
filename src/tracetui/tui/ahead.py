"""What the first press of a key would have to load, loaded before it is pressed: modules, the grammar of filters, lexers.

Importing a screen with all it works with takes up to 150 ms, in which no key is heard. Here a thread does it, one module after
the other, from when the first run stands on the screen: nothing comes before that. It writes nothing and sends nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from typing import Final

PACKAGES: Final = (
    "tracetui.tui.screens",
    "tracetui.tui.widgets",
    "tracetui.tui.presentation",
    "tracetui.tui",
    "tracetui.core.analysis",
    "tracetui.core.comparing",
    "tracetui.core.exporting",
    "tracetui.core.filter",
    "tracetui.core.pricing",
    "tracetui.core.search",
    "tracetui.core.store",
)
"""Of these all modules, in this order."""
OTHERS: Final = (
    "tracetui.core.clean_blocks",
    "tracetui.core.discovery",
    "tracetui.core.index.saving",
    "tracetui.core.reader",
    "tracetui.core.recent",
    "tracetui.core.relations",
    "tracetui.core.repairs",
    "tracetui.core.secret_texts",
    "tracetui.core.zones",
    "lark",
    "markdown_it",
    "pygments.lexers",
    "pygments.token",
    "zoneinfo",
)
"""What functions of theirs import late."""
_LOOK_S: Final = 0.2
_FIRST_S: Final = 0.5
"""How long the first run has to itself, s."""
_REST_S: Final = 0.02
"""Between two modules, s: keys come first."""


async def load(is_ready: Callable[[], bool]) -> None:
    """Load what keys may need, once the first run stands on the screen.

    Args:
        is_ready: Whether it does, or there is none.
    """
    while not is_ready():
        await asyncio.sleep(_LOOK_S)
    await asyncio.sleep(_FIRST_S)
    for name in await asyncio.to_thread(lambda: list(modules())):
        if name not in sys.modules:
            await asyncio.to_thread(_import, name)
            await asyncio.sleep(_REST_S)
    for make in (_filters, _texts, _code):
        await asyncio.to_thread(make)
        await asyncio.sleep(_REST_S)
    gc.freeze()  # it stays: going through all of it again and again lets keys wait


def modules() -> Iterator[str]:
    """Names of all modules that a key may need."""
    for package in PACKAGES:
        yield from (module.name for module in pkgutil.iter_modules(_import(package), f"{package}."))
    yield from OTHERS


def _import(name: str) -> list[str]:
    """Where the modules of a package are; nothing of a module."""
    # What is wrong with a module is told by the key that needs it.
    with contextlib.suppress(Exception):
        return list(getattr(importlib.import_module(name), "__path__", ()))
    return []


def _filters() -> None:
    from tracetui.core.filter import parse

    parse("status:error")


def _texts() -> None:
    from tracetui.tui.presentation.markdown import markdown_rows

    markdown_rows("# *a*", 80)


def _code() -> None:
    from tracetui.tui.presentation.highlighting import code_lines

    for language in ("python", "javascript", "sql"):
        code_lines("a", language)
