"""Which view of the open run stands in the spans pane: the tree, or another one in its place.

The tree is always kept up to date, since jumps, searches and filters work on it; another view is told of changes while it
is shown. What is selected goes with one from view to view, and so does following.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from textual.containers import Vertical

from tracetui.tui import messages
from tracetui.tui.keymaps import Key
from tracetui.tui.widgets.flat_view import FlatView, Identity
from tracetui.tui.widgets.lanes_view import LanesView
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.names_view import NamesView
from tracetui.tui.widgets.time_view import TimeView

if TYPE_CHECKING:
    from tracetui.core.store import Change
    from tracetui.tui.screens.main import MainScreen

ViewName = Literal["tree", "time", "names", "lanes"]

TREE_TITLE: Final = "Spans"
_JUMPS: Final = frozenset(("cause", "slow", "warning", "open_stack", "history"))
"""Actions that go by the tree and are seen in every view."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A view as it is named."""

    name: ViewName
    words: str


VIEWS: Final = (
    _Kind("tree", "as a tree"),
    _Kind("time", "in time order"),
    _Kind("names", "by name"),
    _Kind("lanes", "as a timeline"),
)
"""The views in the order in which `v` shows them."""


class Viewing:
    """The views of a screen's spans pane, one of which is shown."""

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen
        self.name: ViewName = "tree"
        session = screen.session
        self.others: dict[ViewName, FlatView] = {
            "time": TimeView(session, id="time-view"),
            "names": NamesView(session, id="names-view"),
            "lanes": LanesView(session, id="lanes-view"),
        }
        for view in self.others.values():
            view.display = False
        self._wanted: Identity | None = None
        """What was selected last by the user, or first by the program: kept through views that do not show it."""

        self._newest = -1
        """Number of the newest message of what was selected."""

    # ------------------------------------------------------------ what is shown

    def pane_content(self) -> Vertical:
        """What stands in the spans pane."""
        return Vertical(self.screen.tree_view, *self.others.values(), self.screen.strip)

    @property
    def shown(self) -> LineView:
        """The view that is shown."""
        return self.others[self.name] if self.name != "tree" else self.screen.tree_view

    @property
    def other(self) -> FlatView | None:
        """The view that stands in the place of the tree."""
        return self.others.get(self.name)

    @property
    def following(self) -> bool:
        """What is shown stays at its newest row."""
        other = self.other
        return self.screen.tree_view.following if other is None else other.following

    @property
    def new_count(self) -> int:
        """Rows that came since what is shown let go."""
        other = self.other
        return self.screen.tree_view.new_count if other is None else other.new_count

    # ------------------------------------------------------------ another view

    def show_next(self) -> None:
        """The next view."""
        names = [kind.name for kind in VIEWS]
        self.show(names[(names.index(self.name) + 1) % len(names)])

    def show(self, name: ViewName) -> None:
        """This view; what is selected stays so."""
        if name == self.name:
            return
        screen, following, before = self.screen, self.following, self.shown
        if self.other is None:
            screen.tree_view.stand_back()
        elif self.other.following:
            self.other.set_following(False)
        self.name = name
        shown, other = self.shown, self.other
        shown.display = True
        if screen.focused is before:  # its own `has_focus` comes a moment later
            screen.set_focus(shown, scroll_visible=False)
        before.display = False
        screen.panes["spans"].entitle(TREE_TITLE if other is None else other.title)
        if other is None:
            screen.tree_view.come_back(self._wanted, following)
        else:
            other.show(screen.tree_view.data, self._wanted)
            if following:
                other.set_following(True)
        screen.say_all()

    # ------------------------------------------------------------ what happens

    def note_selected(self, event: messages.SpanSelected) -> bool:
        """Something was selected in one of the views: the one that is shown shows it, and the tree knows of it.

        False: something else was selected after it.
        """
        if event.number < self._newest:
            return False
        self._newest = event.number
        if event.event_row is not None:
            self._wanted = ("event", event.event_row)
        elif event.span_row is not None:
            self._wanted = ("span", event.span_row)
        other = self.other
        if other is None:
            return True
        # Whoever selected it: what was selected in between is not selected any more.
        self.screen.tree_view.note(self._wanted, event.by_user or event.origin is other)
        if event.origin is None and not other.select(event.span_row, event.event_row) and event.by_user:
            self.screen.header.say("it is not shown in this view", "warning")
        return True

    def run_opened(self) -> None:
        """Another run is open: the tree has it."""
        if self.other is not None:
            self._wanted = self.screen.tree_view.selected
            self.other.show(self.screen.tree_view.data, self._wanted)
            self._follow_instead()

    def run_closed(self) -> None:
        """No run is open."""
        self._wanted = None
        if self.other is not None:
            self.other.show(None)

    def apply_change(self, change: Change) -> None:
        """What the store learnt of the open run, for the tree and for what is shown."""
        self.screen.tree_view.apply_change(change)
        if self.other is not None:
            self._follow_instead()
            self.other.apply_change(change)

    def _follow_instead(self) -> None:
        """The tree found that the run is to be followed: what is shown does."""
        tree = self.screen.tree_view
        if self.other is not None and tree.following:
            tree.stand_back()
            self.other.set_following(True)

    def follow(self) -> None:
        """Follow the open run."""
        if not self.following:
            (self.screen.tree_view if self.other is None else self.other).action_follow()

    def price(self) -> None:
        """Costs are known better."""
        self.screen.tree_view.price()
        if self.other is not None:
            self.other.price()

    def look_again(self) -> None:
        """Bookmarks changed: repaint what differs."""
        (self.screen.tree_view if self.other is None else self.other).look_again()

    def tick(self) -> None:
        """A second went by."""
        (self.screen.tree_view if self.other is None else self.other).tick()

    def choose(self) -> None:
        """Other chips are on, or another filter: the tree has them."""
        if self.other is not None:
            self.other.choose()

    def fill_soon(self) -> None:
        """What is shown says in a moment what it does not say yet."""
        (self.screen.tree_view if self.other is None else self.other).fill_soon()

    def select(self, span: int | None, event: int | None = None, by_user: bool = True) -> bool:
        """Select a span or an event in what is shown; False if it is not there."""
        tree, other = self.screen.tree_view, self.other
        if event is not None:
            owner = self.screen.session.store.events.span[event]
            span = owner if owner >= 0 else None
            if other is not None and (index := other.find(("event", event))) >= 0:
                other.move_to(index, by_user=by_user)
                return True
            if tree.select_event(event, by_user):
                return True
        return span is not None and tree.select_span(span, by_user)

    def act(self, action: str, *arguments: int) -> None:
        """Do what a key of the spans pane does, from any pane and in any view."""
        name = f"action_{action}"
        if self.other is not None and hasattr(self.other, name):
            getattr(self.other, name)(*arguments)
        elif self.other is None or action in _JUMPS:
            getattr(self.screen.tree_view, name)(*arguments)
        else:
            self.screen.header.say("only in the tree: v goes on to it")

    def enter(self) -> bool:
        """Enter on a row of what is shown leads elsewhere than to the detail: a span of a name to the tree."""
        if not isinstance(self.other, NamesView):
            return False
        if self.other.is_on_span and (selected := self.other.selected) is not None:
            self.screen.jumping.jumped("name", selected, selected)
            self.show("tree")
        return True

    # ------------------------------------------------------------ the palette

    def keys(self) -> list[Key]:
        """An action for each view, for the palette: the key `v` goes through all of them."""
        return [
            Key(f"span.view_{kind.name}", (), f"view {kind.words}", f"view('{kind.name}')", self.screen)
            for kind in VIEWS
        ]


def view_name(word: object) -> ViewName:
    """The view of this name; the tree where there is none."""
    return next((kind.name for kind in VIEWS if kind.name == word), "tree")
