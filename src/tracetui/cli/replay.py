"""``tracetui replay``: writes a recording's lines again with its own timing, for demos and for tests of following."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from tracetui.cli._group import COMMANDS, OK
from tracetui.core.errors import TracetuiError

_NS = 1_000_000_000


def _as_speed(ctx: click.Context, param: click.Parameter, value: str) -> float:  # noqa: ARG001 - click's signature
    if value == "max":
        return float("inf")
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not speed > 0:
        raise click.BadParameter(f"{value!a} is no speed; write 1, 10, 0.5 or max")
    return speed


@click.command("replay", help=COMMANDS["replay"])
@click.argument("file", metavar="FILE", type=click.Path())
@click.option("--into", metavar="DIR", required=True, type=click.Path(), help="Folder to write to; made if need be.")
@click.option(
    "--speed",
    metavar="N",
    default="1",
    show_default=True,
    callback=_as_speed,
    help="So many times as fast as it was written; max: without waiting.",
)
def command(file: str, into: str, speed: float) -> int:
    """Write the lines."""
    from tracetui.core.replaying import paced_lines

    lines = paced_lines(file)
    first = next(lines, None)  # before anything is made: the file may be no recording
    target = Path(into) / Path(file).name
    descriptor = _create(target)
    try:
        if first is not None:
            write_paced(descriptor, [first], speed)
            write_paced(descriptor, lines, speed)
    finally:
        os.close(descriptor)
    return OK


def write_paced(
    descriptor: int,
    lines: Iterable[tuple[int, bytes]],
    speed: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Write each line when its time (ns since the first) divided by `speed` has passed, with one call."""
    begun = clock()
    for after_ns, line in lines:
        wait = begun + after_ns / _NS / speed - clock()
        if wait > 0:
            sleep(wait)
        left = memoryview(line)
        while left:
            left = left[os.write(descriptor, left) :]


def _create(target: Path) -> int:
    """A descriptor on a new file; raises TracetuiError where there is one already or none can be made."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise TracetuiError(f"{str(target)!r} is there already; name another folder with --into") from error
    except OSError as error:
        raise TracetuiError(f"cannot write {str(target)!r}: {(error.strerror or '').lower()}") from error
