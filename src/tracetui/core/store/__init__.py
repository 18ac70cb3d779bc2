"""The one holder of what has been read, in columns; says what changed. Views of it are made when someone looks."""

from tracetui.core.store.change import Change
from tracetui.core.store.lookups import Place
from tracetui.core.store.runs import Run
from tracetui.core.store.store import Store
from tracetui.core.store.writing.rows import run_salt

__all__ = ["Change", "Place", "Run", "Store", "run_salt"]
