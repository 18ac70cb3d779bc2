"""Copying: through tmux where the screen runs in it, else OSC 52, and into a file; and saying honestly what was done.

No program can know whether a terminal took an OSC 52: then it is said to be sent, and only what tmux took to be copied.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from tracetui.core.text import bytes_size
from tracetui.resources import home_dir

if TYPE_CHECKING:
    from tracetui.tui.messages import Level

TMUX_SECONDS: Final = 2.0
"""How long tmux may take, s."""
OSC_52_BYTES: Final = 74_994
"""What every terminal that has OSC 52 takes at least, as xterm counts: 100,000 characters of base64."""

TERMINAL_BYTES: Final = 1_000_000
"""More than this goes into a file only: no terminal takes it, and the link would be busy for long."""

_HARMLESS: Final = frozenset("\n\t")


class Copied(NamedTuple):
    """What became of it, for a notice."""

    text: str
    level: Level


def copy(
    text: str | Iterable[str],
    write: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    what: str = "",
) -> Copied:
    """Send `text` to the clipboard as well as can be done from here. May take `TMUX_SECONDS`: call it in a thread.

    Args:
        text: What to copy, as recorded; in pieces where it may be large.
        write: Writes a control sequence of ours to the terminal.
        env: The environment.
        folder: Where `copy.txt` is kept, readable by its owner only; None keeps none.
        what: What it is, in words of ours: `arguments`.
    """
    env = os.environ if env is None else env
    pieces = [text] if isinstance(text, str) else text
    size, data, saved = _save((piece.encode("utf-8", "replace") for piece in pieces), folder)
    named = f"the {what.removeprefix('the ')}, {bytes_size(size)}" if what else bytes_size(size)
    if data is None:
        if saved is None:
            return Copied(f"{named} is too much for a clipboard; o opens it, | pipes it", "warning")
        return Copied(f"{named} is too much for a clipboard: saved to {_from_home(saved, env)}", "warning")
    also = f"also in {_from_home(saved, env)}" if saved is not None else ""
    if env.get("TMUX") and _into_tmux(data):
        said = f"copied {named}" + (f" ({also})" if also else "")
    else:
        write(f"\x1b]52;c;{base64.b64encode(data).decode('ascii')}\x07")
        doubt = "OSC 52, which it may refuse" if len(data) > OSC_52_BYTES else "OSC 52"
        said = (
            f"sent {named}{',' if what else ''} to the terminal ({'; '.join(part for part in (doubt, also) if part)})"
        )
    if any(not char.isprintable() and char not in _HARMLESS for char in data.decode()):
        return Copied(f"holds control characters, careful where you paste it: {said}", "warning")
    return Copied(said, "plain")


def _from_home(path: Path, env: Mapping[str, str]) -> str:
    home = home_dir(env)
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def state_folder(env: Mapping[str, str] | None = None) -> Path:
    """Where tracetui keeps its own state: `$XDG_STATE_HOME/tracetui`, else `~/.local/state/tracetui`."""
    env = os.environ if env is None else env
    base = env.get("XDG_STATE_HOME", "")
    root = Path(base) if base.startswith("/") else home_dir(env) / ".local" / "state"
    return root / "tracetui"


def _into_tmux(data: bytes) -> bool:
    program = shutil.which("tmux")
    if program is None:
        return False
    command = [program, "load-buffer", "-w", "-"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the data goes to its standard input
            command, input=data, capture_output=True, timeout=TMUX_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _save(pieces: Iterable[bytes], folder: Path | None) -> tuple[int, bytes | None, Path | None]:
    """Write pieces into the file: how many bytes, they themselves unless they are too many for a terminal, and the file."""
    size, kept = 0, bytearray()
    path, file = None, None if folder is None else _draft(folder)
    try:
        for piece in pieces:
            size += len(piece)
            if size <= TERMINAL_BYTES:
                kept += piece
            if file is not None:
                try:
                    file.write(piece)
                except OSError:
                    _closed(file)
                    file = None
        if file is not None and folder is not None:
            path = _kept(file, folder)
            file = None
    finally:
        _closed(file)
    return size, bytes(kept) if size <= TERMINAL_BYTES else None, path


def _draft(folder: Path) -> BinaryIO | None:
    """A file that takes the place of the copy once it is whole; None: there cannot be one."""
    path = _draft_path(folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))
    except OSError:
        return None


def _draft_path(folder: Path) -> Path:
    return folder / f".copy.{os.getpid()}.{threading.get_ident()}"


def _kept(file: BinaryIO, folder: Path) -> Path | None:
    path = folder / "copy.txt"
    try:
        file.close()
        _draft_path(folder).replace(path)
    except OSError:
        return None
    return path


def _closed(file: BinaryIO | None) -> None:
    """Give a draft up."""
    if file is not None:
        with suppress(OSError):
            file.close()
        with suppress(OSError):
            Path(file.name).unlink()
