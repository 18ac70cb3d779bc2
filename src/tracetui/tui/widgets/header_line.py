"""The first line of the screen: what is open, how many runs live and failed; at the right what is going on."""

from __future__ import annotations

from collections import deque

from textual.timer import Timer

from tracetui.core import text
from tracetui.core.text import safe
from tracetui.tui.keymaps import first_key
from tracetui.tui.messages import Level
from tracetui.tui.presentation.header import NOTICE_STYLES, HeaderFacts, header_left, header_line
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.session import Session
from tracetui.tui.widgets.piece_line import PieceLine

NOTICE_SECONDS = 4.0
"""How long a notice stands, s."""
_MOST_WAITING = 20


class HeaderLine(PieceLine):
    """Counts at the left. At the right, most telling first: a notice, following, how far reading got, what is unreadable."""

    def __init__(self, session: Session, facts: HeaderFacts) -> None:
        super().__init__(session, id="header")
        self.facts = facts
        self.follow: tuple[bool, int, str] | None = None
        """Whether the view follows, rows that came since it let go, name of the run; None: nothing to follow."""
        self.opening = ""
        """Which run is being made ready to be shown."""
        self.progress = ""
        self.polling = ""
        """Why changes are found by looking only; empty while the system tells of them."""
        self.unreadable = 0
        self.remark = ""
        """What happened on opening: `newest failure opened`."""
        self.hint: tuple[str, str] | None = None
        """A key that helps just now, and what it does: for the first sessions, where nothing else is to be said."""
        self._waiting: deque[tuple[str, Level]] = deque(maxlen=_MOST_WAITING)
        self._notice: tuple[str, Level] | None = None
        self._is_mentioned = False
        """No key asked for what is said now: it comes back after what answers one."""
        self._standing: Timer | None = None

    def say(self, words: str, level: Level = "plain") -> None:
        """Answer a key for 4 s, at once and in the place of what stands there; `words` may be untrusted."""
        if self._notice is not None and self._is_mentioned:
            self._waiting.appendleft(self._notice)  # nobody asked for it, and it may not be read yet
        self._show((words, level))

    def mention(self, words: str, level: Level = "plain") -> None:
        """Say what no key asked for, for 4 s, after what stands there; `words` may be untrusted. The same one waits once."""
        notice = words, level
        if notice in self._waiting or notice == self._notice:
            return
        if self._notice is None:
            self._show(notice, mentioned=True)
        else:
            self._waiting.append(notice)

    def _show(self, notice: tuple[str, Level], *, mentioned: bool = False) -> None:
        if self._standing is not None:
            self._standing.stop()
        self._notice, self._is_mentioned = notice, mentioned
        self._standing = self.set_timer(NOTICE_SECONDS, self._next_notice)
        self.look_again()

    def _next_notice(self) -> None:
        if self._waiting:
            self._show(self._waiting.popleft(), mentioned=True)
        else:
            self._notice = None
            self.look_again()

    def pieces(self, width: int) -> list[Piece]:
        """The header at this width."""
        symbols = self.session.symbols
        return header_line(header_left(self.facts, symbols), self._right_forms(), width, symbols)

    def _right_forms(self) -> list[list[Piece]]:
        symbols = self.session.symbols
        if self._notice is not None:
            words, level = self._notice
            mark = "" if level == "plain" else f"{symbols['error' if level == 'error' else 'warning']} "
            return [[(mark + safe(words), NOTICE_STYLES[level])]]
        if self.opening:
            return [[(safe(self.opening), "strong")]]
        follow, progress, remark, polling = self._follow(), self._progress(), self._remark(), self._polling()
        whole, short = self._unreadable(), self._unreadable(short=True)
        hint = self._hint()
        forms = (
            *(
                ((follow, progress, remark, polling, whole, hint), (follow, progress, polling, short, hint))
                if hint
                else ()
            ),
            (follow, progress, remark, polling, whole),
            (follow, progress, remark, polling, short),
            (follow, progress, polling, short),
            (follow, progress, polling),
            (follow, polling),
            (follow,),
            (progress,),
            (remark,),
        )
        joined = [[piece for part in form if part for piece in (("  ", ""), *part)][1:] for form in forms]
        return [form for form in joined if form] or [[]]

    def _follow(self) -> list[Piece]:
        if self.follow is None:
            return []
        on, new, name = self.follow
        if on:
            return [("FOLLOWING", "status-open"), (f"  {safe(name)}", "muted")]
        return (
            [(f"+{text.count(new)} new", ""), ("  ", ""), (self._follow_key, "strong bold"), (" to follow", "muted")]
            if new
            else []
        )

    @property
    def _follow_key(self) -> str:
        return first_key("span.follow", "F", self.session.keymap)

    def _hint(self) -> list[Piece]:
        return [(self.hint[0], "strong bold"), (f" {self.hint[1]}", "muted")] if self.hint else []

    def _progress(self) -> list[Piece]:
        return [(self.progress, "muted")] if self.progress else []

    def _remark(self) -> list[Piece]:
        is_following = self.follow is not None and self.follow[0]
        return [(self.remark, "muted")] if self.remark and not is_following else []

    def _polling(self) -> list[Piece]:
        return [("polling", "muted")] if self.polling else []

    def _unreadable(self, short: bool = False) -> list[Piece]:
        if not self.unreadable:
            return []
        lines = "" if short else " line" if self.unreadable == 1 else " lines"
        return [(text.count(self.unreadable), ""), (f" unreadable{lines}", "muted")]
