"""An export in a process of its own, for the screen: it must neither wait nor be written to while its store is walked over.

    python -m tracetui.core.exporting.apart < order  > answers

The order is one JSON object on standard input (`Order`), answers are JSON objects, one a line: how far it is, and at the end
what was written or what went wrong. The process reads the files anew; what an earlier reading left makes that quick.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from tracetui.core.errors import TracetuiError

if TYPE_CHECKING:
    from datetime import tzinfo

    from tracetui.core.exporting.job import Job
    from tracetui.core.loading import Loaded
    from tracetui.core.loading import Progress as Reading
    from tracetui.core.pricing import Prices
    from tracetui.core.run_status import StatusRules
    from tracetui.core.store import Run

_TOLD_EVERY_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported.

    Attributes:
        paths: What is open.
        format: Of the run, with `key` and `id`.
        key: As the store knows the run.
        id: Its own id.
        output: Name of an exporter.
        target: File to write, which must not be there.
        now_ns: The clock of the answer.
        zone: Name of a time zone, or seconds east of Greenwich.
        stall_after_ns: As of `StatusRules`; None: the usual.
        dead_after_ns: The same.
    """

    paths: list[str]
    format: str
    key: str
    id: str
    output: str
    target: str
    now_ns: int
    zone: str = "UTC"
    stall_after_ns: int | None = None
    dead_after_ns: int | None = None


def encoded(order: Order) -> bytes:
    """An order as it is sent."""
    from tracetui.core.jsontext import ascii_json

    # Paths are bytes to the system: what is no text in them must come out of the escapes again.
    return ascii_json(asdict(order)).encode("ascii") + b"\n"


def run(order: Order, tell: Callable[[dict[str, Any]], object]) -> None:
    """Do it; raises TracetuiError where the run is gone or the file cannot be written."""
    from tracetui.core.exporting import exporter
    from tracetui.core.exporting.files import new_file
    from tracetui.core.loading import load

    due = time.monotonic() + _TOLD_EVERY_S

    def told(words: str) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + _TOLD_EVERY_S
            tell({"words": words})

    def reading(at: Reading) -> None:
        told(f"reading {at.read_bytes * 100 // max(1, at.total_bytes)}%")

    loaded = load(order.paths, progress=reading)
    job = _job(order, loaded, _run_of(order, loaded))
    job.progress = lambda count: told(f"writing {count:,} of {job.run.span_count:,} spans")
    path = Path(order.target)
    with new_file(path, force=False) as out:
        exporter(order.output).write(job, out)
    tell({"bytes": path.stat().st_size, "secrets": job.gate.count, "notes": job.told()})


def _run_of(order: Order, loaded: Loaded) -> Run:
    for found in loaded.runs:
        if (found.format, found.key, found.id) == (order.format, order.key, order.id):
            return found
    raise TracetuiError("that run is gone from its file")


def _job(order: Order, loaded: Loaded, found: Run) -> Job:
    from tracetui.core.exporting.job import Job
    from tracetui.core.summary import Summaries, iso_time

    summaries = Summaries(
        loaded.store, loaded.reader.sources, lambda: loaded.bodies, order.now_ns, _rules(order), _prices()
    )
    as_of = iso_time(order.now_ns)
    return Job(loaded.store, found, loaded.bodies_of(found), summaries, zone=_zone(order.zone), as_of=as_of)


def _rules(order: Order) -> StatusRules:
    from tracetui.core.run_status import StatusRules

    rules = StatusRules()
    if order.stall_after_ns is not None:
        rules = replace(rules, stall_after_ns=order.stall_after_ns)
    return rules if order.dead_after_ns is None else replace(rules, dead_after_ns=order.dead_after_ns)


def _prices() -> Prices:
    from tracetui.core.pricing import Prices
    from tracetui.core.pricing.place import price_path
    from tracetui.core.pricing.price_file import PriceFile

    path = price_path()
    return Prices(None if path is None else PriceFile.read(path))


def _zone(name: str) -> tzinfo:
    from datetime import UTC, timedelta, timezone

    if name.lstrip("-").isdigit():
        return timezone(timedelta(seconds=int(name)))
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):
        return UTC


def main() -> int:
    """Take the order, tell how it goes; 0 if it was written."""
    import json

    from tracetui.core.jsontext import ascii_json

    def tell(answer: dict[str, Any]) -> None:
        sys.stdout.write(ascii_json(answer) + "\n")
        sys.stdout.flush()

    # An end that is asked for takes the half-written file away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(Order(**json.loads(sys.stdin.buffer.readline())), tell)
    except TracetuiError as error:
        tell({"error": str(error)})
        return 1
    except BrokenPipeError:  # the screen is gone
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
