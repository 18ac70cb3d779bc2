"""The conversation of one model call as it becomes known: asked for once, read in a thread where that may take long."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from tracetui.core.conversations import Conversation, Question, ask, split
from tracetui.core.formats._ladder import in_pieces
from tracetui.core.model import SpanDetail
from tracetui.tui.session import Session

AT_ONCE: Final = 200_000
"""Bytes of other calls that are read without a thread: some milliseconds."""


class CallConversation:
    """What was added to the context of the call at `row`, or all of it."""

    def __init__(self, session: Session, row: int) -> None:
        self._session = session
        self._row = row
        self._detail: SpanDetail | None = None
        self._question: Question | None = None
        self.is_whole = False
        """What was sent before is shown as well."""
        self.found: Conversation | None = None
        """None until it is read."""

    def read(self, detail: SpanDetail) -> tuple[int, int] | None:
        """The call says `detail` now. Returns which call of its agent it is, and of how many; None: that is not known."""
        if detail is not self._detail:
            self._detail, self._question, self.found = detail, None, None
        if not detail.messages:
            return None
        question = self._asked()
        return (question.number, question.calls) if question.number else None

    @property
    def count(self) -> int | None:
        """Messages that the call was told and answered; None: those before it are not read."""
        if self._detail is None or not self._detail.continues:
            return 0 if self._detail is None else len(self._detail.messages)
        found = self.found
        return None if found is None or found.unread else len(found.earlier) + len(found.added) + len(found.reply)

    def _asked(self) -> Question:
        if self._question is None or self._detail is None:
            self._detail = self._detail or SpanDetail()
            session = self._session
            self._question = ask(session.store, session.bodies, self._row, self._detail, self.is_whole)
            if self._question.size <= AT_ONCE:
                self.found = self._question.answer()
        return self._question

    def work(self) -> Callable[[], None]:
        """Read what is not known yet: for a thread. What is returned is to be called on the screen's loop."""
        question = self._question
        with in_pieces(sys.maxsize):
            found = None if question is None else question.answer()

        def done() -> None:
            if question is self._question:
                self.found = found

        return done

    def meanwhile(self) -> Conversation:
        """What can be shown before anything else is read: the call's own messages."""
        told, reply = split(self._detail or SpanDetail())
        return Conversation(added=told, reply=reply)

    def toggle(self) -> str:
        """All of the context, or only what was added; returns why that cannot be, empty if it was done."""
        found = self.found
        if found is None:
            return "still comparing with the call before"
        if not found.earlier and not found.unread:
            return "nothing was sent before: this is the whole context"
        self.is_whole = not self.is_whole
        if self.is_whole and found.unread:
            self._question = None
            self.found = None
            if self._asked().size > AT_ONCE:
                self.found = None
        return ""
