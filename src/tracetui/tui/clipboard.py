"""Copying: through tmux where the screen runs in it, else OSC 52, and into a file; and saying honestly what was done.

No program can know whether a terminal took an OSC 52, so nothing here claims that something "was copied".
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

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
    text: str,
    write: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Copied:
    """Send `text` to the clipboard as well as can be done from here. May take `TMUX_SECONDS`: call it in a thread.

    Args:
        text: What to copy, as recorded.
        write: Writes a control sequence of ours to the terminal.
        env: The environment.
        folder: Where `copy.txt` is kept, readable by its owner only; None keeps none.
    """
    env = os.environ if env is None else env
    data = text.encode("utf-8", "replace")
    saved = _save(data, folder) if folder is not None else None
    if len(data) > TERMINAL_BYTES:
        size = bytes_size(len(data))
        if saved is None:
            return Copied(f"{size} is too much for a clipboard; o opens it, | pipes it", "warning")
        return Copied(f"{size} is too much for a clipboard: saved to {saved}", "warning")
    if env.get("TMUX") and _into_tmux(data):
        said = "sent to tmux and through it to the terminal"
    else:
        write(f"\x1b]52;c;{base64.b64encode(data).decode('ascii')}\x07")
        said = "sent to the terminal (OSC 52)"
        if len(data) > OSC_52_BYTES:
            said += f", which may refuse {bytes_size(len(data))}"
    if saved is not None:
        said += f"; also saved to {saved}"
    if any(not char.isprintable() and char not in _HARMLESS for char in text):
        return Copied(f"holds control characters, careful where you paste it; {said}", "warning")
    return Copied(said, "plain")


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


def _save(data: bytes, folder: Path) -> Path | None:
    path, draft = folder / "copy.txt", folder / f".copy.{os.getpid()}.{threading.get_ident()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        draft.replace(path)
    except OSError:
        return None
    return path
