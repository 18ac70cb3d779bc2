"""What a tracer that is off hands out: one scope that takes everything and does nothing."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self


class Nothing:
    """A span and a run of which nothing is recorded."""

    __slots__ = ()

    id = run_id = name = parent = ""
    ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def _same(self, *_args: object, **_values: object) -> Self:
        """Take anything."""
        return self

    def _none(self, *_args: object, **_values: object) -> None:
        """Take anything, give nothing."""

    set = input = output = result = model = usage = update = start = _same
    event = log = decision = observed = token = chunks = retry = _same
    finish = fail = skip = _none

    def environment(self, base: dict[str, str] | None = None) -> dict[str, str]:
        """The variables as they are."""
        import os

        return dict(os.environ if base is None else base)


NOTHING: Final = Nothing()
