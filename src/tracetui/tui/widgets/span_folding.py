"""Keys that fold the span tree: a row, a level, all below a row, all of it, all but the way to what matters."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

from tracetui.tui.messages import Notice
from tracetui.tui.presentation.columns import LEAD
from tracetui.tui.presentation.rows import indentation
from tracetui.tui.widgets.span_data import SpanData
from tracetui.tui.widgets.span_rows import SpanRows

FOLD_BINDINGS: Final = (
    Binding("left,h", "fold", "fold, then parent", id="span.fold", show=False),
    Binding("right,l", "unfold", "unfold, then first child", id="span.unfold", show=False),
    Binding("space", "toggle_fold", "fold", id="span.toggle"),
    Binding("plus", "level(1)", "one level more", id="span.more", show=False),
    Binding("minus", "level(-1)", "one level less", id="span.less", show=False),
    Binding("asterisk", "subtree", "fold or unfold all below", id="span.subtree", show=False),
    Binding("A", "all", "fold or unfold all", id="span.all", show=False),
    Binding("P", "path", "path to what matters", id="span.path"),
)


class FoldKeys(SpanRows):
    """What the keys do, and a click on the mark of a fold."""

    def action_fold(self) -> None:
        """Fold the row; if it is folded, go to its parent."""
        if self.data is None or not self.row_count():
            return
        if self.data.tree.collapse(self.cursor):
            self._folds_changed()
        elif (parent := self.data.parent_index(self.cursor)) >= 0:
            self.move_to(parent, by_user=True)

    def action_unfold(self) -> None:
        """Unfold the row; if it is unfolded, go to its first child."""
        if self.data is None or not self.row_count():
            return
        if self.data.tree.expand(self.cursor):
            self._folds_changed()
        elif self.data.tree[self.cursor].has_children:
            self.move_to(self.cursor + 1, by_user=True)

    def action_toggle_fold(self) -> None:
        """Fold or unfold the row."""
        if self.data is not None and self.row_count() and self.data.tree.toggle(self.cursor):
            self._folds_changed()

    def action_level(self, by: int) -> None:
        """Open one level more of the whole tree, or close one."""
        if self.data is not None and self.data.tree.expand_level(by):
            self._folds_changed()

    def action_subtree(self) -> None:
        """Unfold all below the row; if all is unfolded, fold it."""
        if self.data is None or not self.row_count():
            return
        tree, before = self.data.tree, self.row_count()
        if tree.expand_subtree(self.cursor) and len(tree) == before:
            tree.collapse_subtree(self.cursor)
        self._folds_changed()

    def action_all(self) -> None:
        """Unfold all; if all is unfolded, fold it."""
        if self.data is None:
            return
        tree, before = self.data.tree, self.row_count()
        tree.expand_all()
        if len(tree) == before:
            tree.collapse_all()
        self._folds_changed()

    def action_path(self) -> None:
        """Open only the way to what matters: causes of failure, else what is open, else what was slow."""
        data = self.data
        if data is None:
            return
        rows = data.study.failed_or_open()
        if not rows and data.study.is_large:
            self._say("looking for slow spans")
            self.run_worker(self._path_later(data), group="slow", exclusive=True)
        else:
            self._open_path(data, rows or data.study.slow_rows())

    async def _path_later(self, data: SpanData) -> None:
        await data.study.look_aside()
        if data is self.data:
            self._open_path(data, data.study.slow_rows())

    def _open_path(self, data: SpanData, rows: list[int]) -> None:
        if not rows:
            self.post_message(Notice("nothing failed, nothing is open, nothing was slow"))
            return
        data.tree.open_path(rows)
        self._folds_changed()

    def _folds_changed(self) -> None:
        self._is_untouched = False
        self._let_go()
        self._keep()
        self._scroll_into_view(self._cursor, self._cursor, "auto")

    def row_clicked(self, index: int, x: int, by_cursor: bool) -> bool:  # noqa: ARG002 - the fold is where it is
        """A click on the fold folds."""
        if self.data is None:
            return False
        item = self.data.tree[index]
        at = LEAD + len(indentation(item.depth, self._columns(self.size.width)))
        if item.kind == "span" and item.has_children and at - 1 <= x <= at + 1:
            self.action_toggle_fold()
            return True
        return False
