"""What stands on the screen when there is no run: what that means, where traces usually are, and what to press."""

from __future__ import annotations

from textual.message import Message

from tracetui.core import text
from tracetui.tui.places import UsualPlace
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.traceback import code_pieces
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_view import LineView, Scroll

EXAMPLE = 'from tracetui import Tracer\nwith Tracer("my_agent").run(): ...\n'
"""The two lines that record an agent; what `y` copies here."""


class EmptyView(LineView):
    """One bold sentence, what it means, and folders to open instead; the cursor stands on those only."""

    class PlaceChosen(Message):
        """Another folder is to be opened."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self, session: Session, shown_path: str, *, id: str) -> None:
        super().__init__(session, id=id)
        self.shown_path = shown_path
        self.places: list[UsualPlace] = []
        self.unrecognised = 0
        self.problem = ""
        """Why nothing can be read, if that is so; may be untrusted."""
        self._rows: list[tuple[list[Piece], str]] = []
        self._make()

    def tell(self, places: list[UsualPlace], unrecognised: int, problem: str) -> None:
        """Say what is known by now."""
        self.places, self.unrecognised, self.problem = places, unrecognised, problem
        self._make()
        self.refresh_all()
        self.move_to(self._cursor)

    def row_count(self) -> int:
        """Lines of the page."""
        return len(self._rows)

    def render_row(self, index: int, width: int, selected: bool, focused: bool) -> list[Piece]:  # noqa: ARG002
        """A line; the folder under the cursor is reversed."""
        pieces, target = self._rows[index]
        symbols = self.session.symbols
        if not (selected and target):
            return [("    ", ""), *pieces]
        gutter = symbols["gutter_focused" if focused else "gutter"]
        name, *rest = pieces
        return [
            ("  ", ""),
            (f"{gutter} ", "accent" if focused else "muted"),
            (name[0].rstrip(" "), "selected" if focused else "beside"),
            (" " * (len(name[0]) - len(name[0].rstrip(" "))), ""),
            *rest,
        ]

    def move_to(self, index: int, scroll: Scroll = "auto", by_user: bool = False) -> None:
        """Only folders can be selected: the nearest one in the direction of the move."""
        targets = [number for number, (_, target) in enumerate(self._rows) if target]
        if targets:
            ahead = [number for number in targets if (number >= index if index > self._cursor else number <= index)]
            index = (
                (min(ahead) if index > self._cursor else max(ahead))
                if ahead
                else min(targets, key=lambda number: abs(number - index))
            )
        super().move_to(index, scroll, by_user)

    def on_line_view_entered(self, event: LineView.Entered) -> None:
        """Open the folder."""
        event.stop()
        target = self._rows[event.index][1]
        if target:
            self.post_message(self.PlaceChosen(target))

    def _make(self) -> None:
        symbols = self.session.symbols
        rows: list[tuple[list[Piece], str]] = [([], "")]
        path = text.cut(text.safe(self.shown_path), 50, "path", symbols)
        rows.append(([(f"No traces in {path} yet.", "strong bold")], ""))
        rows += [([(line, "muted")], "") for line in self._meaning()]
        rows.append(([], ""))
        if self.places:
            rows.append(([("Agents on this machine leave theirs here:", "muted")], ""))
            for place in self.places:
                files = text.count(place.files) + (" file" if place.files == 1 else " files")
                files = (symbols.at_least if place.at_least else "") + files
                shown = text.fit(text.safe(place.shown), 28, "path", symbols=symbols)
                rows.append(([(shown, ""), (f"{files:>14}", ""), (f"   {place.producer}", "muted")], place.path))
            rows.append(([], ""))
        rows += [(line, "") for line in self._advice()]
        self._rows = rows

    def _meaning(self) -> list[str]:
        if self.problem:
            return [text.safe(self.problem)]
        if self.unrecognised:
            files = "1 file" if self.unrecognised == 1 else f"{text.count(self.unrecognised)} files"
            return [f"There is no recording in it: {files} not recognised, R lists why."]
        return ["The folder exists and is empty."]

    def _advice(self) -> list[list[Piece]]:
        quote: Piece = (f"{self.session.symbols['quote']} ", "rule")
        start = "Or record" if self.places else "Record"
        return [
            [(f"{start} your own agent with two lines, into traces/ or a folder you name:", "muted")],
            [],
            *([quote, *code_pieces(line)] for line in EXAMPLE.splitlines()),
            [],
            [("Or send OpenTelemetry there: any OTLP JSON file is read as it is.", "muted")],
            [],
            [
                (f"tracetui PATH{self.session.symbols.cut}", "strong bold"),
                ("      opens a file or another folder", "muted"),
            ],
            [("tracetui --sample", "strong bold"), ("   opens the samples that come with it", "muted")],
            [
                ("tracetui formats", "strong bold"),
                ("    lists what it reads, ", "muted"),
                ("--explain", "strong bold"),
                (" says why not", "muted"),
            ],
        ]
