"""Options that several commands share, and the types of their values. Cheap to import: the help needs them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from tracetui.core.durations import duration_ns
from tracetui.core.moments import moment_ns
from tracetui.core.zones import zone

if TYPE_CHECKING:
    from tracetui.core.filter import Node

Command = TypeVar("Command", bound=Callable[..., Any])


def _as_duration(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:  # noqa: ARG001 - click's
    if value is None:
        return None
    ns = duration_ns(value)
    if ns is None:
        raise click.BadParameter(f"{value!a} is no duration; write it like 90, 2s, 5m, 1h30m or 7d")
    return ns


def _as_moment(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001 - click's
    # Only whether it can be read: what it means depends on the zone and the clock.
    if value is not None and moment_ns(value, 0, UTC) is None:
        raise click.BadParameter(
            f"{value!a} is no time; write it like 2026-03-02, 2026-03-02T08:00:00Z, or 2h (that long ago)"
        )
    return value


def _as_zone(ctx: click.Context, param: click.Parameter, value: str | None) -> tzinfo | None:  # noqa: ARG001 - click's
    try:
        return None if value is None else zone(value)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!a} is no time zone; write it like Europe/Berlin, +02:00, UTC or local"
        ) from error


Decorator = Callable[[Any], Any]


def duration_option(name: str, help: str) -> Decorator:  # noqa: A002 - click's word
    """An option whose value is a length of time such as `90`, `2s`, `1h30m`, `7d`; ns."""
    return click.option(name, callback=_as_duration, metavar="DURATION", help=help)


def time_option(name: str, help: str) -> Decorator:  # noqa: A002 - click's word
    """An option whose value is a time as typed; `moment_ns` reads it once zone and clock are known."""
    return click.option(name, callback=_as_moment, metavar="TIME", help=help)


paths_argument = click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path())
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON (its schema is in docs/schemas/).")
jsonl_option = click.option("--jsonl", "as_jsonl", is_flag=True, help="Print JSON lines, one for each item.")
ascii_option = click.option("--ascii", "only_ascii", is_flag=True, help="Use no characters but ASCII.")
tz_option = click.option(
    "--tz", callback=_as_zone, metavar="ZONE", help="Time zone of times shown and of times without one."
)
stall_after_option: Decorator = duration_option(
    "--stall-after", "Call a silent run stalled after this time (1m or more)."
)
dead_after_option: Decorator = duration_option(
    "--dead-after", "Believe a silent run's writer dead after this time (1h)."
)
as_of_option: Decorator = time_option("--as-of", "Answer as if it were this time (what is running, what is stalled).")


def _as_filter(ctx: click.Context, param: click.Parameter, value: str | None) -> Node | None:  # noqa: ARG001 - click's
    if value is None:
        return None
    from tracetui.core.errors import FilterError
    from tracetui.core.filter import caret_lines, parse

    try:
        return parse(value)
    except FilterError as error:
        raise click.BadParameter("\n".join((str(error), *caret_lines(error)))) from error


def _where_option(what: str) -> Decorator:
    return click.option(
        "--where",
        callback=_as_filter,
        metavar="FILTER",
        help=f"Only {what} the filter selects, such as 'kind:tool status:error dur>2s' (docs/filter.md).",
    )


where_option: Decorator = _where_option("what")
runs_where_option: Decorator = _where_option("runs in which there is what")
"""The same for commands that tell of whole runs."""


PRICES: Final = "tracetui.prices"
"""Where the context of a command keeps the price file that was named, as it was read."""


def _keep_prices(ctx: click.Context, param: click.Parameter, value: str | None) -> None:  # noqa: ARG001 - click's
    if value is None:
        return
    from tracetui.core.errors import UnreadableSettings
    from tracetui.core.pricing.price_file import PriceFile

    try:
        ctx.meta[PRICES] = PriceFile.read(value)
    except UnreadableSettings as error:
        raise click.BadParameter(str(error)) from error


prices_option: Decorator = click.option(
    "--prices",
    callback=_keep_prices,
    expose_value=False,
    metavar="FILE",
    help="Prices of models, for calls without a recorded cost (docs/cost.md).",
)
"""Not among a command's arguments: `Asked.summaries` knows where it is."""


def reading_options(command: Command) -> Command:
    """The options of all commands that read runs, in the order the help shows them."""
    for option in (prices_option, dead_after_option, stall_after_option, as_of_option, ascii_option, tz_option):
        command = option(command)
    return command
