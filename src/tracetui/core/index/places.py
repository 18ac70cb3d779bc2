"""Where indexes lie and which one belongs to some paths: one file for each set of paths, in the user's cache folder."""

# Names as the system gives them, and few imports: this comes before everything else of a second open.
# ruff: noqa: PTH100, PTH108, PTH111, PTH117, PTH118, PTH120, RUF100

from __future__ import annotations

import os
import sys
import time
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SUFFIX = ".index"
OFF = "TRACETUI_CACHE"
"""Environment variable: ``off`` keeps nothing and believes nothing."""
MOST_BYTES = 2_000_000_000
"""All indexes together; the ones used longest ago go first."""
MOST_DAYS = 30
"""An index that was not used for so long goes."""

_DAY_S = 86_400
_CODE = ("", "formats", "index", "pricing", "reading", "sources", "store")


def cache_folder(env: Mapping[str, str] = os.environ) -> str | None:
    """Where tracetui keeps what it can make again: ``$XDG_CACHE_HOME/tracetui``, else ``~/.cache/tracetui``.

    None: there is no such place, or the user wants none (``TRACETUI_CACHE=off``).
    """
    if env.get(OFF, "").lower() in ("off", "0", "no", "false"):
        return None
    base = env.get("XDG_CACHE_HOME", "")
    # The specification of base directories has relative paths ignored.
    base = base if os.path.isabs(base) else os.path.expanduser("~/.cache")
    return os.path.join(base, "tracetui") if os.path.isabs(base) else None


def index_path(paths: Sequence[str], env: Mapping[str, str] = os.environ) -> str | None:
    """The file for what is read under these paths; None where nothing is kept."""
    folder = cache_folder(env)
    if folder is None:
        return None
    name = "\0".join(roots(paths)).encode("utf-8", "surrogateescape")
    # Whose index it is stands in it: two names that meet cost a reading and no more.
    return os.path.join(folder, f"{zlib.crc32(name):08x}{zlib.adler32(name):08x}{SUFFIX}")


def roots(paths: Sequence[str]) -> list[str]:
    """Absolute paths, each once."""
    return list(dict.fromkeys(os.path.abspath(path) for path in paths))


def reader() -> str:
    """Which program reads: another version or other code may read the same bytes otherwise; so may another local zone."""
    from tracetui import __version__

    newest = max(_times(os.path.dirname(os.path.dirname(__file__))), default=0)
    zone = (os.environ.get("TZ", ""), time.tzname, time.timezone, time.altzone)
    return f"{__version__} {sys.implementation.cache_tag} {sys.byteorder} {newest} {zone}"


def _times(core: str) -> Iterator[int]:
    for part in _CODE:
        with os.scandir(os.path.join(core, part)) as entries:
            yield from (entry.stat().st_mtime_ns for entry in entries if entry.name.endswith(".py"))


def sweep(folder: str, keep: str, most_bytes: int = MOST_BYTES) -> None:
    """Delete what was not used for long, and the oldest of what is too much; ``keep`` stays. Never raises."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry.stat(), entry.path) for entry in entries if entry.name.endswith(SUFFIX)]
    except OSError:
        return
    left = most_bytes
    for status, path in sorted(found, key=lambda one: (one[1] != keep, -one[0].st_mtime)):
        left -= status.st_size
        is_old = time.time() - status.st_mtime > MOST_DAYS * _DAY_S
        if path != keep and (left < 0 or is_old):
            discard(path)


def discard(path: str) -> None:
    """Delete an index; it may be gone already."""
    try:
        os.unlink(path)
    except OSError:
        return
