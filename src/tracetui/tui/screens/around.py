"""What is said around the panes: the keys that help most now, how far reading has got, what the bars mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.core import text
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session

if TYPE_CHECKING:
    from tracetui.tui.screens.panes import PanesScreen


def footer_keys(screen: PanesScreen) -> list[tuple[str, str]]:
    """Keys and words for the footer, the most useful for the active pane first."""
    if screen.has_no_runs:
        choose = [("enter", "open")] if screen.empty.places else []
        listed = [("R", "not recognised")] if screen.empty.unrecognised or screen.empty.problem else []
        return [*choose, *listed, (":", "other folder"), ("y", "copy the two lines"), ("q", "quit")]
    medium = screen.arranged is not None and screen.arranged.mode != "wide"
    if screen.active == "runs":
        close = [("u", "close")] if screen.drawer else []
        entering = "pick" if screen.pick else "open"
        both = [("d", "compare"), ("a", "summary"), ("/", "find"), ("< >", "sort"), ("b", "group")]
        return [("enter", entering), ("space", "mark"), *close, *both]
    runs = [("u", "runs")] if medium else []
    size = ("z", "back" if screen.maximised else "maximise")
    if screen.active == "detail":
        out = ("esc", "end search" if screen.searching.wanted else "spans")
        return [("[ ]", "tabs"), ("space", "fold"), out, *runs, ("y", "copy"), ("o", "editor"), size]
    front: list[tuple[str, str]] = []
    if screen.searching.wanted:
        front.append(("esc", "end search"))
    elif screen.filtering.text:
        front.append(("esc", "clear filter"))
    if screen.chips.active:
        front.append(("0", "all classes"))
    if screen.viewing.following:
        front += [("F", "stop following"), ("p", "open stack")]
    elif _has_failed(screen):
        front.append(("e", "next cause"))
    enter = "pick" if screen.pick else "detail"
    finding = [*runs, ("/", "search"), ("f", "filter"), ("a", "summary")]
    ways = {"time": [], "names": [("< >", "sort")]}.get(screen.viewing.name, [("space", "fold")])
    if screen.viewing.name == "names" and not screen.pick:
        enter = "its spans"
    return [*front, ("enter", enter), *finding, *ways, ("v", "view"), ("y", "copy"), size]


def _has_failed(screen: PanesScreen) -> bool:
    """Whether there is a cause to go to: none where the only one is selected."""
    if screen.opened is None or not screen.session.store.runs[screen.opened].error_count:
        return False
    tree = screen.tree_view
    return tree.data is None or not tree.data.is_only_failure(tree.selected)


def progress_words(progress: object, spans: int) -> str:
    """How far reading has got; empty once all is read."""
    from tracetui.core.reader import Progress

    if not isinstance(progress, Progress) or progress.done:
        return ""
    if progress.discovering and not progress.bytes_known:
        return f"looking for files: {text.count(progress.files_found)}"
    done, known = text.bytes_size(progress.bytes_read), text.bytes_size(progress.bytes_known)
    if done.split()[1:] == known.split()[1:]:
        done = done.split()[0]
    return f"reading {done} of {known}  {text.count(spans)} spans"


def legend(session: Session) -> list[Piece]:
    """What the three weights of a bar mean."""
    symbols = session.symbols
    return [
        (symbols["bar_thin"], ""),
        (" parent   ", "muted"),
        (symbols["bar_medium"], ""),
        (" in parallel   ", "muted"),
        (symbols["bar_full"], ""),
        (" critical path", "muted"),
    ]
