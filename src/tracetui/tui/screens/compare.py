"""Two runs side by side: what differs, where they part, and in what.

The screen stands at once with the figures of both runs. A thread compares the columns, then looks for where they part, then
reads the texts of the row that the cursor rests on; each of these is given up when the screen is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tracetui.core import text
from tracetui.core.model import RunStatus
from tracetui.core.run_status import length_marks
from tracetui.tui.comparing import (
    Compared,
    Pair,
    Stopped,
    Texts,
    Work,
    find_parting,
    find_texts,
    ordered,
    others_of,
)
from tracetui.tui.comparing import compare as compare_runs
from tracetui.tui.keymaps import keys_of
from tracetui.tui.presentation.compare_texts import Place, place_rows
from tracetui.tui.presentation.comparing import RunFigures, name_sides
from tracetui.tui.presentation.detail import Look, rule_row
from tracetui.tui.presentation.header import HeaderFacts
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.runs import run_length, run_name, run_tokens
from tracetui.tui.screens.choosing import Choice, ChoiceScreen
from tracetui.tui.screens.ours import OurScreen
from tracetui.tui.session import Session
from tracetui.tui.widgets.compare_detail import CompareDetail
from tracetui.tui.widgets.compare_list import CompareList
from tracetui.tui.widgets.footer_line import FooterLine
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.pane import Pane, ThinRule

if TYPE_CHECKING:
    from tracetui.core.store import Run
    from tracetui.tui.app import TracetuiApp

_REST_S: Final = 0.15
"""How long the cursor must rest on a row before its texts are read, s."""
_READ_AGAIN_S: Final = 0.1
_GONE: Final = "a run is gone from its file: there is nothing to compare it by any more"
_DETAIL_SHARE: Final = 0.4
_MOST_DETAIL: Final = 22
_LEAST_DETAIL: Final = 6
_DETAIL_FROM: Final = 16
"""Rows of the screen below which only the rows of the comparison are shown."""
_SPACED_FROM: Final = 30
_MOST_CHOICES: Final = 10_000
_MOST_TEXTS: Final = 50
"""Rows whose texts are kept."""


class CompareScreen(OurScreen[tuple[int, int] | None]):
    """Two runs; ends with the rows of a run and of its span that was chosen. esc goes back.

    Args:
        session: What is shared.
        facts: What the header says.
        pair: Which runs.
        kept: An earlier comparison of these runs, if nothing was read since.
        at: The row of it where one was.
        rest_s: How long the cursor must rest before texts are read.
    """

    AUTO_FOCUS = ""
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "back", id="compare.back", show=False),
        Binding("1", "go(0)", "go to the span in A", id="compare.go_to_a", show=False),
        Binding("2", "go(1)", "go to the span in B", id="compare.go_to_b", show=False),
        Binding("tab,shift+tab", "next_part", "rows, texts", id="compare.part", show=False),
        Binding("c", "whole", "whole texts, or what differs", id="compare.whole", show=False),
        Binding("r", "swap", "swap A and B", id="compare.swap", show=False),
        Binding("d", "other", "compare with another run", id="compare.other", show=False),
        Binding("F", "again", "compare again, as they are now", id="compare.again", show=False),
        Binding("z", "maximise", "only this part, or both", id="compare.maximise", show=False),
        Binding("y", "copy", "copy the line", id="compare.copy", show=False),
        Binding("question_mark,f1", "help", "help", id="compare.help", show=False),
    ]

    def __init__(
        self,
        session: Session,
        facts: HeaderFacts,
        pair: Pair,
        kept: Compared | None = None,
        at: int | None = None,
        rest_s: float = _REST_S,
    ) -> None:
        super().__init__()
        self.session = session
        self.pair = pair
        self.header = HeaderLine(session, facts)
        self.list = CompareList(session)
        self.detail = CompareDetail(session)
        self.pane = Pane(session, "Compare", self.list, id="compare-pane")
        self.thin = ThinRule(session)
        self.footer = FooterLine(session)
        self.footer.always = (("?", "help"), ("esc", "back"))
        self.compared: Compared | None = kept
        self._at = at
        self._rest_s = rest_s
        self._whole = self._maximised = False
        self._work: Work | None = None

    def compose(self) -> ComposeResult:
        """The rows, what differs at one of them, and the footer."""
        yield self.header
        yield self.pane
        yield self.detail
        yield self.thin
        yield self.footer

    def on_mount(self) -> None:
        """Stand at once, and begin to compare."""
        self._arrange()
        self.set_focus(self.list, scroll_visible=False)
        self.pane.show_focus(True)
        self._begin(self.compared)

    def on_unmount(self) -> None:
        """Nobody waits any more."""
        self._give_up()

    def on_resize(self, _event: events.Resize) -> None:
        """Another size: another share for the texts."""
        self._arrange()
        self._say()

    def _arrange(self) -> None:
        height = self.size.height
        detail = max(_LEAST_DETAIL, min(_MOST_DETAIL, int(height * _DETAIL_SHARE)))
        in_detail = self.focused is self.detail
        fits = height >= _DETAIL_FROM
        self.pane.display = not ((self._maximised or not fits) and in_detail)
        self.detail.display = (fits and not self._maximised) or in_detail
        self.detail.styles.height = detail if self.pane.display else "1fr"
        self.thin.display = height >= _SPACED_FROM
        self.detail.styles.margin = (1, 0, 0, 0) if height >= _SPACED_FROM and self.pane.display else 0

    # ------------------------------------------------------------ comparing

    def _begin(self, kept: Compared | None = None) -> None:
        self._give_up()
        self._work = Work(self.session)
        self.header.remark = self.pair.why
        self.header.look_again()
        runs = self._runs()
        self.list.tell((self._figures(runs[0]), self._figures(runs[1])), f"comparing{self.session.symbols.reading}")
        self.detail.put([], None)
        self._say()
        self._run(partial(self._compare, self._work, kept), "compare")

    def _run(self, work: Callable[[], Coroutine[None, None, Any]], group: str) -> None:
        """Work that takes the place of what its group does."""
        self.run_worker(work, exclusive=True, group=group)

    def _give_up(self) -> None:
        if self._work is not None:
            self._work.stop()

    def _runs(self) -> tuple[Run, Run]:
        runs = self.session.store.runs
        return runs[self.pair.a], runs[self.pair.b]

    async def _compare(self, work: Work, kept: Compared | None) -> None:
        a, b = self._runs()
        try:
            if kept is None:
                await self._until_read(a, b)
                if not self._are_there():
                    self.list.waiting = _GONE
                    self.list.refresh_all()
                    return
                self.compared = None
                kept = await asyncio.to_thread(compare_runs, work, a, b)
            else:
                kept.lend(work)
            self.compared = kept
            self.list.runs = self._figures(a), self._figures(b)
            self.list.show(kept)
            if self._at is not None:
                self.list.go_to(self._at)
                self.list.is_touched, self._at = True, None
            if kept.parting is None:
                kept.parting = await asyncio.to_thread(find_parting, kept)
        except Stopped:
            return
        self._to_parting(kept)
        self._say()

    def _are_there(self, *others: int) -> bool:
        """Whether both runs, and others that are asked for, are in their files still; says so where they are not."""
        runs = self.session.store.runs
        if all(run.live for run in (*self._runs(), *(runs[row] for row in others))):
            return True
        self.header.mention(_GONE, "warning")
        return False

    async def _until_read(self, a: Run, b: Run) -> None:
        """Runs of which only the beginning was looked at are read first."""
        feed = self.session.feed
        if feed is not None and (a.glanced or b.glanced):
            feed.prefer({*a.sources, *b.sources})
            while (a.glanced or b.glanced) and a.live and b.live:
                await asyncio.sleep(_READ_AGAIN_S)

    def _to_parting(self, compared: Compared) -> None:
        at = None if compared.parting is None else compared.parting.divergence
        if at is not None:
            if at.why == "input":
                self.list.note(at.row)
            if not self.list.is_touched:
                self.list.go_to(at.row)
        self._look()

    def _figures(self, run: Run) -> RunFigures:
        from tracetui.core.figures import wall_time, wall_time_full

        session = self.session
        status = session.status(run)
        tokens, tokens_partial = run_tokens(run)
        cost = session.cost(run)
        full = wall_time_full(run.start, session.tz, session.symbols)
        length, source = run.duration()
        worked_out, at_least = length_marks(status.status.value, source)
        day = wall_time(run.start, session.now_ns(), session.tz, session.symbols)
        return RunFigures(
            status=status.status.value,
            name=run_name(run),
            start=full[:19],
            short_start=day if ":" in day or run.start is None else f"{day} {full[11:16]}",
            time=length,
            time_computed=worked_out,
            time_partial=at_least,
            spans=run.span_count,
            failed=session.causes(run),
            tokens=tokens,
            tokens_partial=tokens_partial,
            cost=cost.usd,
            cost_computed=cost.computed is not None,
            cost_partial=cost.partial,
        )

    # ------------------------------------------------------------ what is said

    def on_compare_list_rested(self, event: CompareList.Rested) -> None:
        """Another row is under the cursor."""
        event.stop()
        self._look()
        self._say()

    def on_compare_list_told(self, event: CompareList.Told) -> None:
        """Say it in the header."""
        event.stop()
        self.header.say(event.words)

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        """The texts were scrolled."""
        event.stop()
        self._say()

    def _say(self) -> None:
        self.pane.say(self._said())
        more = self.detail.more_words if self.detail.display else ""
        in_detail = self.focused is self.detail
        if self.list.view == "names":
            keys = [("enter", "to its spans"), ("< >", "sort"), ("v", "tree")]
        else:
            view = {"tree": "only differences", "differences": "by name"}[self.list.view]
            keys = [("e", "next difference"), ("enter", "go to span"), ("s", "slower"), ("v", view)]
        if in_detail:
            keys = [("tab", "rows"), ("c", "what differs" if self._whole else "whole texts"), ("z", "maximise")]
        else:
            keys += [("tab", "texts"), ("d", "other run"), ("r", "swap"), ("space", "fold"), ("y", "copy")]
        self.footer.show(keys, more)

    def _said(self) -> list[Piece]:
        """At the right of the rule: as of when, and where one is."""
        compared, symbols = self.compared, self.session.symbols
        words: list[Piece] = []
        if compared is not None:
            if any(self.session.status(run).status in (RunStatus.running, RunStatus.stalled) for run in self._runs()):
                at = text.wall_time_full(compared.at_ns, self.session.tz, symbols)[11:19]
                words += [(f"as of {at}, still running  ", "status-open"), ("F", "strong bold"), (" again  ", "muted")]
            if compared.comparison.is_approximate:
                words.append(("aligned by count  ", "status-warning"))
        elif self.session.is_reading and any(run.glanced for run in self._runs()):
            words.append((f"reading{symbols.reading}  ", "muted"))
        return [*words, (self.list.position_words, "muted")]

    def _look(self) -> None:
        """Show what is known of the selected row, and read the rest soon."""
        compared, row = self.compared, self.list.selected
        if compared is None or row is None:
            self.detail.put(self._without_row(), None)
            return
        texts = compared.texts.get((row, self._whole))
        has_bodies = not self._is_group(compared, row)
        self._put(compared, row, texts if texts is not None or has_bodies else Texts(("", ""), None, None))
        if texts is None and has_bodies:
            self._run(partial(self._read, compared, row), "compare-texts")

    @staticmethod
    def _is_group(compared: Compared, row: int) -> bool:
        from tracetui.core.comparing import Note

        return bool(compared.comparison.alignment.notes[row] & Note.group)

    def _without_row(self) -> list[list[Piece]]:
        if self.compared is None or not self.list.row_count():
            return []
        look = self._look_now()
        if (name := self.list.selected_name) is not None:
            rows = [rule_row("All spans of a name", "enter shows the first that differs", look)]
            return [*rows, *name_sides(name, look.width, look.symbols)]
        return [[], [("  enter", "strong bold"), (" shows the rows that are the same.", "muted")]]

    def _put(self, compared: Compared, row: int, texts: Texts | None) -> None:
        words = self.list.words
        if words is None:
            return
        stops = compared.outline.stops
        at = int(stops.searchsorted(row))
        number = at + 1 if at < len(stops) and stops[at] == row else 0
        parting = compared.parting
        here = parting is not None and parting.divergence is not None and parting.divergence.row == row
        place = Place(compared.comparison.row(row), number, len(stops), parting if here else None)
        self.detail.put(place_rows(compared, words, place, texts, self._look_now()), (id(compared), row, self._whole))

    def _look_now(self) -> Look:
        return Look(max(1, self.size.width - 2), symbols=self.session.symbols)

    async def _read(self, compared: Compared, row: int) -> None:
        await asyncio.sleep(self._rest_s)
        whole = self._whole
        try:
            texts = await asyncio.to_thread(find_texts, compared, row, whole=whole)
        except Stopped:
            return
        while len(compared.texts) >= _MOST_TEXTS:
            compared.texts.pop(next(iter(compared.texts)))
        compared.texts[row, whole] = texts
        if self.compared is compared and self.list.selected == row:
            self._put(compared, row, texts)
            self._say()

    # ------------------------------------------------------------ keys

    def on_line_view_entered(self, event: LineView.Entered) -> None:
        """To the span in B, or in A if only that has it."""
        event.stop()
        if event.widget is self.list:
            self.action_go(1, or_other=True)

    def action_go(self, side: int, or_other: bool = False) -> None:
        """To the selected span in A (0) or B (1)."""
        compared, at = self.compared, self.list.selected
        if compared is None or at is None:
            self.header.say("this is no span")
            return
        row = compared.comparison.row(at)
        spans = (row.a, row.b)
        if spans[side] < 0 and or_other:
            side = 1 - side
        if spans[side] < 0:
            self.header.say(
                f"this is not in {'AB'[side]}" if max(spans) >= 0 else "these are several: enter one of them"
            )
            return
        self.dismiss(((self.pair.a, self.pair.b)[side], spans[side]))

    def action_next_part(self) -> None:
        """From the rows to the texts, and back."""
        to_list = self.focused is self.detail
        target: LineView = self.list if to_list else self.detail
        self.pane.display = self.detail.display = True  # what is hidden takes no focus
        self.set_focus(target, scroll_visible=False)
        self.pane.show_focus(to_list)
        self._arrange()
        self._say()

    def action_maximise(self) -> None:
        """Only the part that has the focus, or both."""
        self._maximised = not self._maximised
        self._arrange()
        self._say()

    def action_whole(self) -> None:
        """Whole texts, or only what differs and a little around it."""
        self._whole = not self._whole
        self._look()
        self._say()

    def action_swap(self) -> None:
        """A becomes B."""
        if self._are_there():
            self.pair = Pair(self.pair.b, self.pair.a, "A and B swapped")
            self._begin()

    def action_again(self) -> None:
        """Compare what is there by now."""
        if self._are_there():
            self._begin()

    def action_copy(self) -> None:
        """Copy the selected line; in the texts all of them."""
        if self.focused is self.detail:
            rows = (self.detail.render_row(at, 0, False, False) for at in range(self.detail.row_count()))
            self._copy("\n".join("".join(piece for piece, _ in row).rstrip() for row in rows), "texts")
        else:
            self._copy(self.list.copied(), "line")

    def _copy(self, value: str, what: str) -> None:
        self.tracetui.copy(value, what, self.header.say)

    def action_other(self) -> None:
        """Choose what B is compared with."""
        choose_other(self.tracetui, self.session, self.header.facts, self.pair.b, self._take_other)

    def _take_other(self, row: int) -> None:
        if self._are_there(row):
            self.pair = ordered(self.session.store.runs, row, self.pair.b, "the run you chose")
            self._begin()

    def action_help(self) -> None:
        """The keys of this screen."""
        from tracetui.tui.screens.help import HelpScreen

        keys = keys_of([self.list, self, self.app])
        self.app.push_screen(HelpScreen(self.session, keys, "compare", self.header.facts), self.tracetui._act)

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)


def choose_other(app: TracetuiApp, session: Session, facts: HeaderFacts, row: int, take: Callable[[int], None]) -> None:
    """Choose a run to compare with another one: those of its name first."""
    runs = session.store.runs

    def choice(other: int) -> Choice:
        run = runs[other]
        start = text.wall_time_full(run.start, session.tz, session.symbols)[:16] if run.start is not None else ""
        length = run_length(run, session.status(run), session)
        spent, symbols = session.cost(run), session.symbols
        usd = text.cost(spent.usd, symbols)
        usd = text.marked(usd, computed=spent.computed is not None, partial=spent.partial, symbols=symbols)
        fact = f"{start:>16}  {length:>7}  {usd:>8}"
        return Choice(str(other), run_name(run), fact, session.symbols[session.status(run).status])

    found = others_of(runs, row)
    note = f"compared with {run_name(runs[row])}"
    if len(found) > _MOST_CHOICES:
        note += f"; the first {_MOST_CHOICES:,} of {len(found):,} runs: those of its name, the newest"
    choices = [choice(other) for other in found[:_MOST_CHOICES]]
    screen = ChoiceScreen(session, "Compare with", choices, facts, note=note)
    app.push_screen(screen, lambda key: None if key is None else take(int(key)))
