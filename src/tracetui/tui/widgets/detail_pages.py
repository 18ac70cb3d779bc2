"""What the detail can show, as far as a span, an event and a run have it in common: title, tabs, what stands in them, records.

A page looks facts up in the store when it is made or read again, and makes blocks of rows from them; `widgets.detail` draws
those and keeps what the user folded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from textual.message import Message

from tracetui.core import text
from tracetui.core.bodies import PARSED_HERE
from tracetui.core.errors import ChangedOnDisk
from tracetui.core.relations import NOT_HERE, Relation
from tracetui.tui.messages import JumpWanted, Notice, ViewWanted
from tracetui.tui.presentation import detail as spans
from tracetui.tui.presentation import detail_tabs as others
from tracetui.tui.presentation.detail import Look, Row, Section
from tracetui.tui.session import Session
from tracetui.tui.taken import Source, of_bad, of_record, still
from tracetui.tui.widgets.detail_blocks import Action, Beginning, Block, Items, Json, Stack, Text
from tracetui.tui.widgets.json_rows import JsonRows
from tracetui.tui.widgets.jumps import Jumps

if TYPE_CHECKING:
    from tracetui.core.store import Change

Tab = tuple[str, int | None]
"""Name of a tab and how much stands in it; None: it is not counted."""

RAW_HEAD: Final = 65_536
"""Bytes of a very large record that are shown before one asks for it to be parsed."""

_COUNTED_HERE: Final = 4_000_000
"""Bytes in which lines are counted between two keys."""
_OPENED_BYTES: Final = 65_536
_OPENED_RECORDS: Final = 3


class Page:
    """Something that is shown. `again` is called when the user asks for it to be read again or read as a whole."""

    key: tuple[str, int] = ("", -1)
    """What is shown: the same key is the same thing, whose folds are kept."""
    is_open = False
    """Whether its figures grow by themselves."""
    post: Callable[[Message], object] = staticmethod(lambda _message: None)
    """Tells the screen that the user wants to go elsewhere; set by what shows the page."""

    later: Callable[[Callable[[], Callable[[], None]], str], None] = staticmethod(lambda work, _about: work()())
    """Does work in a thread and, back on the screen's loop, calls what that returned; set by what shows the page. The second
    argument is what it is about: only the last work about the same is done."""

    def __init__(self, session: Session, again: Callable[[bool], None]) -> None:
        self.session = session
        self.again = again
        self._places: dict[int, tuple[str, int]] = {}
        """Of records whose line a thread counts."""

    def toggle_context(self) -> str:
        """All that a model was told, or only what was added; returns why that cannot be, empty if it was done."""
        return "only a model call has a context"

    def read(self, whole: bool = False) -> None:
        """Look everything up; `whole` however large it is."""

    def forget(self) -> None:
        """What stands on disk is to be read anew."""

    def title(self, look: Look, tab: str) -> list[Row]:  # noqa: ARG002 - for subclasses
        """The lines above the tabs."""
        return []

    def tabs(self, look: Look) -> list[Tab]:  # noqa: ARG002 - for subclasses
        """Which tabs there are."""
        return []

    def stack(self, tab: str, look: Look, kept: dict[str, Block]) -> Stack:  # noqa: ARG002 - for subclasses
        """What stands in a tab; `kept` holds its blocks from before."""
        return Stack(())

    def records(self) -> list[int]:
        """The records it is made of."""
        return []

    def is_touched(self, change: Change) -> bool:  # noqa: ARG002 - for subclasses
        """Whether it may look different after a change of the store."""
        return False

    def position(self) -> str:
        """What stands at the right end of the pane's rule."""
        return ""

    # ------------------------------------------------------------ shared by the pages

    def actions(self) -> dict[str, Block]:
        """Sections that do something when they are entered."""
        look = self._look
        return {"gone": Action(spans.gone_row(look), lambda: self.again(False))}

    _look = Look(80)

    def related(self, relations: Sequence[Relation]) -> list[others.Related]:
        """Relations as they are shown."""
        store = self.session.store
        found = []
        for relation in relations:
            run = None if relation.run is None else store.runs[relation.run]
            at = relation.span_row
            found.append(
                others.Related(
                    relation.words,
                    relation.other if run is None else run.id,
                    "" if run is None else run.name,
                    None if run is None else self.session.status(run).status.value,
                    (relation.span or "") if at is None else store.strings[store.spans.name[at]],
                )
            )
        return found

    def links(self, relations: Sequence[Relation]) -> Jumps:
        """Related runs as rows that lead to them."""
        shown = self.related(relations)

        def draw(index: int, width: int, selected: str) -> Row:
            return others.related_row(shown[index], width, selected, self.session.symbols)

        def act(index: int) -> None:
            relation = relations[index]
            if relation.run is None:
                self.post(Notice(f"that run is {NOT_HERE}: {text.safe(relation.other)[:60]}", "warning"))
            else:
                self.post(JumpWanted(relation.run, relation.span_row if relation.is_upwards else None))

        return Jumps(len(relations), draw, act, lambda index: shown[index].id)

    def raw_items(self, records: Sequence[int]) -> Items:
        """The raw tab: records with file and line, opening to what stands there."""
        session = self.session
        lengths = session.store.records.length
        few = [record for record in records[:_OPENED_RECORDS] if lengths[record] <= _OPENED_BYTES]
        items: Items

        def head(item: int, width: int, selected: str) -> Row:
            record = records[item]
            path, line = self._place(record)
            kind = session.store.record_type(record)
            return others.record_row(
                path, line, kind, lengths[record], width, selected, session.symbols, items.is_open(item)
            )

        def body(item: int) -> Block:
            record = records[item]
            if lengths[record] > PARSED_HERE:
                return self.head_of(
                    lengths[record], lambda: session.bodies.raw_head(record, RAW_HEAD), of_record(session, record)
                )
            return self.raw_block(lambda: session.bodies.raw_data(record), record)

        items = Items(
            len(records), head, body, [i for i, record in enumerate(records[:_OPENED_RECORDS]) if record in few],
            lambda item: records[item] if item < len(records) else None,
        )  # fmt: skip
        return items

    def _place(self, record: int) -> tuple[str, int]:
        """File and line of a record; the line 0 where it is not known yet, or not at all."""
        place = self.session.store.locate(record)
        if place.offset - place.near <= _COUNTED_HERE:
            return self._counted(record)
        if record not in self._places:
            self._places[record] = self.session.bodies.path_of(place.source), 0
            self.later(lambda: self._count_later(record), f"place {record}")
        return self._places[record]

    def _counted(self, record: int) -> tuple[str, int]:
        try:
            return self.session.bodies.place(record)
        except ChangedOnDisk:
            return self.session.bodies.path_of(self.session.store.locate(record).source), 0

    def _count_later(self, record: int) -> Callable[[], None]:
        with still(self.session):
            found = self._counted(record)

        def done() -> None:
            self._places[record] = found

        return done

    def _shows(self, source: Source) -> Callable[[], None]:
        """What shows a value in the viewer."""

        def act() -> None:
            self.post(ViewWanted(source))

        return act

    def head_of(self, length: int, fetch: Callable[[], str], whole: Source) -> Block:
        """The beginning of something large; all of it in the viewer."""
        symbols = self.session.symbols
        try:
            beginning = fetch()
        except ChangedOnDisk:
            return Action(spans.gone_row(self._look), lambda: self.again(False))
        words = f"{text.bytes_size(length, symbols)}, enter shows all"
        view = Action([("  ", ""), (words, "muted")], self._shows(whole))
        return Stack([Beginning(Section("raw", text=beginning, indent=2), symbols), view])

    def bad_block(self, row: int) -> Block:
        """Bytes that no format could read; of many the beginning."""
        session = self.session
        length = session.store.bad.length[row]
        if length <= PARSED_HERE:
            return self.raw_block(lambda: session.bodies.raw_bad(row).data)

        def beginning() -> str:
            return session.bodies.raw_bad(row, RAW_HEAD).data.decode("utf-8", "backslashreplace")

        return self.head_of(length, beginning, of_bad(session, row))

    def raw_block(self, fetch: Callable[[], bytes], record: int | None = None) -> Block:
        """Bytes as they stand in their source: JSON unfolded, anything else as text with backslash escapes."""
        try:
            data = fetch()
        except ChangedOnDisk:
            return Action(spans.gone_row(self._look), lambda: self.again(False))
        from tracetui.core.bodies import NOT_JSON, json_of

        value = json_of(data)
        block: Block
        if value is NOT_JSON:
            block = self._as_text(data)
        else:
            block = Json(JsonRows(value, braces=True, open_rows=60), self.session.symbols, 2)
        block.record = record
        return block

    def _as_text(self, data: bytes) -> Text:
        return Text(Section("raw", text=data.decode("utf-8", "backslashreplace"), indent=2), self.session.symbols)


def growing(kept: dict[str, Block], key: str, rows: list[int], make: Callable[[list[int]], Items]) -> Items:
    """The list from before if only more came to its end, so that what is open stays open."""
    held = kept.get(key)
    if isinstance(held, _Grown) and rows[: len(held.rows)] == held.rows:
        held.rows[:] = rows
        held.items.grow(len(rows))
        return held.items
    shown = list(rows)
    grown = _Grown(shown, make(shown))
    kept[key] = grown
    return grown.items


class _Grown(Block):
    """Keeps a list block together with the rows it was made from."""

    def __init__(self, rows: list[int], items: Items) -> None:
        self.rows = rows
        self.items = items
