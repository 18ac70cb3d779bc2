"""A recording's lines with the time that each was written at, so that they can be written again at the same pace.

The times come from the recording itself, through its format's decoder: a line is written when the latest thing that it tells
of had happened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tracetui.core.errors import TracetuiError
from tracetui.core.formats import detect
from tracetui.core.formats._base import HEAD_BYTES, Candidate, Decoder, Match
from tracetui.core.model import NO_TIME
from tracetui.core.operations import Begin, Columns, End, Event, Operation, RunFact, Whole
from tracetui.core.sources.file import NotAFile, open_regular, reason_of


class NotReplayable(TracetuiError):
    """A file that is no recording, or one that is not written line by line."""


def paced_lines(path: str) -> Iterator[tuple[int, bytes]]:
    """(time in ns since the first line, line with its end) of a recording, in order; times never go back.

    Raises:
        NotReplayable: The file cannot be read, no format claims it, or it is one document.
    """
    decoder = _decoder(path)
    first = latest = NO_TIME
    for line in _lines(path):
        time = _latest_time(decoder.feed(line))
        if time != NO_TIME:
            first = time if first == NO_TIME else first
            latest = max(latest, time)
        yield (latest - first if first != NO_TIME else 0), line


def _decoder(path: str) -> Decoder:
    path = str(Path(path).absolute())
    try:
        status = os.stat(path)  # noqa: PTH116 - a path that may not be UTF-8
        descriptor = open_regular(path)
        with os.fdopen(descriptor, "rb") as file:
            head = file.read(HEAD_BYTES)
    except NotAFile as error:
        raise NotReplayable(f"{path!r} is {error}, not a recording") from error
    except OSError as error:
        raise NotReplayable(f"cannot read {path!r}: {reason_of(error)}") from error
    candidate = Candidate(path, Path(path).name, head, status.st_size, status.st_mtime_ns)
    match = detect(candidate)
    if not isinstance(match, Match):
        raise NotReplayable(f"{path!r} is no recording that tracetui can read: {match.reason}")
    decoder = match.format.assembler(match.bundle or path).decoder(candidate)
    if decoder.document:
        raise NotReplayable(f"{path!r} is written as a whole, not line by line: there is no pace to repeat")
    return decoder


def _lines(path: str) -> Iterator[bytes]:
    """Lines with their ends; the last one may lack it."""
    with os.fdopen(open_regular(str(Path(path).absolute())), "rb") as file:
        yield from file


def _latest_time(operations: list[Operation]) -> int:
    latest = NO_TIME
    for operation in operations:
        match operation:
            case Begin() | Event() | End():
                latest = max(latest, operation.time)
            case Whole():
                latest = max(latest, operation.end, operation.start)
            case RunFact():
                latest = max(latest, operation.time or NO_TIME)
            case Columns():
                columns = (operation.begin_time, operation.end_time, operation.event_time)
                times = [time for column in columns for time in column]
                latest = max([latest, *times, _latest_time([rest for _, rest in operation.rest])])
    return latest
