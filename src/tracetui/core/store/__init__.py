"""The one holder of what has been read, in columns; says what changed. Views of it are made when someone looks."""

from tracetui.core.store.runs import Run
from tracetui.core.store.store import Change, Place, Store

__all__ = ["Change", "Place", "Run", "Store"]
