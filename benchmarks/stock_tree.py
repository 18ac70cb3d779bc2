"""The yardstick of the span tree: Textual's own ``Tree`` with as many nodes as asked for; ``A`` opens all of them."""

from __future__ import annotations

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Tree


class StockTree(App[None]):
    """Turns of nine calls each."""

    BINDINGS: ClassVar[list[BindingType]] = [("A", "expand_all", "expand all")]

    def compose(self) -> ComposeResult:
        """The tree, its turns folded."""
        tree: Tree[None] = Tree("Zebra")
        tree.root.expand()
        for number in range(int(sys.argv[1]) // 10):
            turn = tree.root.add(f"turn {number}")
            for _ in range(9):
                turn.add_leaf("find_order")
        yield tree

    def action_expand_all(self) -> None:
        """Everything open."""
        self.query_one(Tree).root.expand_all()


if __name__ == "__main__":
    StockTree().run()
