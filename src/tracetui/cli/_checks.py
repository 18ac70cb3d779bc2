"""What ``tracetui doctor`` looks at: this program, this terminal, this machine. Nothing is written, no network is used.

Each check says how it stands in a few words and, where something is amiss, what to do. What comes from the environment is
untrusted text.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tracetui.cli._output import is_terminal
from tracetui.core.symbols import choose

State = Literal["ok", "note", "problem"]

_TMUX_S: Final = 2.0
_WALK_S: Final = 1.0
_FEW_FILES: Final = 1_024
_INOTIFY: Final = Path("/proc/sys/fs/inotify")
_SMALL: Final = (80, 24)
_SMALLEST: Final = (40, 10)
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    group: str
    name: str
    value: str
    state: State = "ok"
    advice: str = ""
    """What to do; empty where nothing is to be done."""
    is_fatal: bool = False
    """tracetui cannot work like this."""


def checks(paths: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[Check]:
    """All checks in the order in which they are shown. ``paths``: what is to be watched."""
    env = os.environ if env is None else env
    yield from _program()
    yield from _terminal(env)
    yield from _machine(paths)
    yield from _folders(env)
    yield from _knowledge(env)


# ---------------------------------------------------------------------------------------------------------- program


def _program() -> Iterator[Check]:
    from tracetui import __version__

    yield Check("program", "tracetui", f"{__version__} in {Path(__file__).parent.parent}")
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield Check("program", "python", f"{platform.python_version()} on {system}")
    yield from _libraries()


def _libraries() -> Iterator[Check]:
    from importlib.metadata import PackageNotFoundError, requires, version

    try:
        needed = [_NAME.match(each) for each in requires("tracetui") or () if "extra ==" not in each]
    except PackageNotFoundError:
        yield Check(
            "program", "libraries", "tracetui is not installed as a package", "note", "python -m pip install -e ."
        )
        return
    there: list[str] = []
    for name in (each[0] for each in needed if each is not None):
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            advice = f"python -m pip install {name}"
            yield Check("program", "libraries", f"{name} is missing", "problem", advice, is_fatal=True)
    yield Check("program", "libraries", ", ".join(there))


# --------------------------------------------------------------------------------------------------------- terminal


def _terminal(env: Mapping[str, str]) -> Iterator[Check]:
    yield _output()
    yield _term(env)
    yield _locale(env)
    yield _colours(env)
    yield _size()
    yield Check("terminal", "mouse", *_mouse(env))
    version, clipboard = _tmux(env)
    if env.get("TMUX"):
        yield Check("terminal", "tmux", version or "yes, but the program is not found here")
    yield _link(env)
    yield _clipboard(env, clipboard)


def _link(env: Mapping[str, str]) -> Check:
    from tracetui.tui.link import choose_link
    from tracetui.tui.settings import load_settings

    link = choose_link(load_settings(env=env), env)
    if link.is_slow:
        return Check("terminal", "link", f"slow: {link.reason}; --theme terminal sends the least, --link fast the most")
    return Check("terminal", "link", f"fast: {link.reason}")


def _output() -> Check:
    names = {"standard input": sys.stdin, "standard output": sys.stdout}
    missing = [name for name, stream in names.items() if not is_terminal(stream)]
    if not missing:
        return Check("terminal", "output", "a terminal")
    return Check("terminal", "output", f"no terminal is {' or '.join(missing)}: the list is printed", "note")


def _term(env: Mapping[str, str]) -> Check:
    term = env.get("TERM", "")
    if term in ("", "dumb"):
        shown = f"TERM={term}" if term else "TERM is not set"
        return Check("terminal", "type", f"{shown}: the screen does not open", "note", "export TERM=xterm-256color")
    return Check("terminal", "type", f"TERM={term}")


def _locale(env: Mapping[str, str]) -> Check:
    name = next((name for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "")
    shown = f"{name}={env[name]}" if name else "not set"
    if choose(env).is_ascii:
        return Check("terminal", "locale", f"{shown}: no UTF-8, drawn with ASCII", "note", "export LC_ALL=C.UTF-8")
    return Check("terminal", "locale", shown)


def _colours(env: Mapping[str, str]) -> Check:
    from tracetui.tui.colours import has_few_colours

    many = env.get("COLORTERM", "")
    if "NO_COLOR" in env:
        return Check("terminal", "colours", "none: NO_COLOR is set", "note", "unset NO_COLOR")
    if many.lower() in ("truecolor", "24bit"):
        return Check("terminal", "colours", f"16 million (COLORTERM={many})")
    advice = "export COLORTERM=truecolor, if the terminal has them"
    if not has_few_colours(env):
        return Check("terminal", "colours", "256 (by TERM)", "note", advice)
    shown = "16 (by TERM): the theme is terminal, unless one is chosen"
    return Check("terminal", "colours", shown, "note", advice)


def _size() -> Check:
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        try:
            columns, rows = os.get_terminal_size(stream.fileno())
        except (AttributeError, OSError, ValueError):
            continue
        shown = f"{columns} columns, {rows} rows"
        if columns < _SMALLEST[0] or rows < _SMALLEST[1]:
            return Check("terminal", "size", shown, "note", "the screen needs 40 columns and 10 rows")
        if columns < _SMALL[0] or rows < _SMALL[1]:
            return Check("terminal", "size", shown, "note", "from 80 columns on more than one pane is shown")
        return Check("terminal", "size", shown)
    return Check("terminal", "size", "unknown: 80 columns are printed")


def _mouse(env: Mapping[str, str]) -> tuple[str, State]:
    if env.get("TERM") == "linux":
        return "none: this is the console of Linux", "note"
    return "taken by the screen; select with shift held, or start with --no-mouse", "ok"


def _tmux(env: Mapping[str, str]) -> tuple[str, str]:
    """The version of tmux and its setting of the clipboard; empty outside of tmux, or where it does not answer."""
    program = shutil.which("tmux", path=env.get("PATH"))
    if not env.get("TMUX") or program is None:
        return "", ""
    return _said(program, "-V", env=env), _said(program, "show-options", "-s", "-v", "set-clipboard", env=env)


def _said(*command: str, env: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TMUX_S, check=False, env=dict(env)
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip()[:100] if done.returncode == 0 else ""


def _clipboard(env: Mapping[str, str], of_tmux: str) -> Check:
    from tracetui.tui.clipboard import state_folder

    saved = f"copies are also saved in {state_folder(env) / 'copy.txt'}"
    if env.get("TMUX"):
        if of_tmux in ("on", "external"):
            return Check("terminal", "clipboard", f"through tmux (set-clipboard {of_tmux}); {saved}")
        said = f"set-clipboard {of_tmux}" if of_tmux else "which does not answer"
        return Check("terminal", "clipboard", f"through tmux ({said}); {saved}", "note", "tmux set -s set-clipboard on")
    refuses = {
        "GNU screen": bool(env.get("STY")),
        "Terminal.app": env.get("TERM_PROGRAM") == "Apple_Terminal",
        "a terminal made with VTE": bool(env.get("VTE_VERSION")),
    }
    for name, is_it in refuses.items():
        if is_it:
            return Check("terminal", "clipboard", f"OSC 52, which {name} mostly ignores", "note", saved)
    return Check("terminal", "clipboard", f"OSC 52, which the terminal may refuse; {saved}")


# ---------------------------------------------------------------------------------------------------------- machine


def _machine(paths: Sequence[str]) -> Iterator[Check]:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < _FEW_FILES and soft != resource.RLIM_INFINITY:
        yield Check("machine", "open files", f"at most {soft:,}", "note", f"ulimit -n {min(max(hard, soft), 4_096)}")
    else:
        yield Check("machine", "open files", "no limit" if soft == resource.RLIM_INFINITY else f"at most {soft:,}")
    yield from _watching(paths)


def _watching(paths: Sequence[str]) -> Iterator[Check]:
    """Whether growing files are told of by the system, or have to be looked for."""
    from tracetui.core.loading import default_paths
    from tracetui.core.watching import silent_file_system

    for path in default_paths(paths):
        if not Path(path).exists():
            yield Check("machine", "watching", f"{path!r}: no such file or folder", "note")
            continue
        folders, is_all = _count_folders(path)
        shown = f"{path!r}: {'' if is_all else 'at least '}{folders:,} folder{'' if folders == 1 else 's'}"
        if kind := silent_file_system(path):
            advice = "changes are looked for every few seconds instead; nothing is missed"
            yield Check("machine", "watching", f"{shown} on {kind}, which tells of no changes", "note", advice)
            continue
        watches, instances = _limit("max_user_watches"), _limit("max_user_instances")
        if watches is None:
            yield Check("machine", "watching", shown)
            continue
        limits = f"{shown}; the limit is {watches:,} watches" + (
            "" if instances is None else f", {instances:,} instances"
        )
        if folders > watches or instances == 0:
            advice = (
                f"sudo sysctl fs.inotify.max_user_watches={2 * folders} (until then files are looked at now and then)"
            )
            yield Check("machine", "watching", limits, "note", advice)
        else:
            yield Check("machine", "watching", limits)


def _count_folders(path: str) -> tuple[int, bool]:
    """Folders below a path, itself included; and whether all were counted in the time there is."""
    from tracetui.core.discovery import SKIPPED

    deadline, folders = time.monotonic() + _WALK_S, 0
    for _, inner, _ in os.walk(path):
        inner[:] = [name for name in inner if name not in SKIPPED]
        folders += 1
        if time.monotonic() > deadline:
            return folders, False
    return max(folders, 1), True


def _limit(name: str) -> int | None:
    try:
        return int((_INOTIFY / name).read_text())
    except (OSError, ValueError):  # not Linux
        return None


# ---------------------------------------------------------------------------------------------------------- folders


def _folders(env: Mapping[str, str]) -> Iterator[Check]:
    from tracetui.core.index.places import cache_folder
    from tracetui.tui.clipboard import state_folder

    yield from _settings(env)
    yield _kept("state", state_folder(env), "the last view of a folder is not remembered")
    cache = cache_folder(env)
    if cache is None:
        yield Check(
            "folders", "cache", "off (TRACETUI_CACHE)", "note", "unset TRACETUI_CACHE: the second open is quicker"
        )
    else:
        yield _kept("cache", Path(cache), "every open reads everything anew")
    yield _kept("temporary", Path(env.get("TMPDIR") or "/tmp"), "- (standard input) cannot be read")  # noqa: S108
    yield Check("folders", "log", "none: faults are told on standard error")


def _settings(env: Mapping[str, str]) -> Iterator[Check]:
    """The settings file, and each mistake in it and in the themes beside it."""
    from tracetui.tui.settings import load_settings

    loaded = load_settings(env=env)
    path, problems = loaded.path, list(loaded.problems)
    if loaded.settings.keys:
        from tracetui.tui.remapping import remap

        problems += remap(loaded.settings.keys, str(path)).problems
    there = path is not None and path.is_file()
    set_in_it = sum(source == "file" for source in loaded.sources.values())
    counted = f"{path}: {set_in_it} in force" if there else f"{path} (there is none, which is fine)"
    yield Check("folders", "settings", counted)
    for problem in problems:
        yield Check("folders", "settings", problem, "note", "put it right (docs/settings.md); the rest is in force")
    yield from _own_themes(env)


def _own_themes(env: Mapping[str, str]) -> Iterator[Check]:
    from tracetui.resources import user_themes_dir

    folder = user_themes_dir(env)
    if folder.is_dir():
        from tracetui.tui.themes import load_themes

        found = load_themes([folder])
        yield Check("folders", "own themes", f"{folder}: {', '.join(sorted(found.themes)) or 'none that can be used'}")
        for problem in found.problems:
            yield Check("folders", "own themes", problem, "note", "put it right; the others can be used")


def _kept(name: str, folder: Path, otherwise: str) -> Check:
    """Whether a folder can be written to, or be made."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Check("folders", name, str(folder) if there == folder else f"{folder} (is made when it is needed)")
    return Check("folders", name, f"{folder} cannot be written to", "note", f"without it {otherwise}")


# -------------------------------------------------------------------------------------------------------- knowledge


def _knowledge(env: Mapping[str, str]) -> Iterator[Check]:
    from tracetui.core.formats import FORMATS
    from tracetui.resources import theme_names

    yield Check("knowledge", "formats", f"{len(FORMATS)}: {', '.join(each.name for each in FORMATS)}")
    yield Check("knowledge", "themes", ", ".join(theme_names()))
    yield from _prices(env)
    if env.get("TRACETUI_OFF", "").lower() in ("1", "true", "yes", "on"):
        yield Check("knowledge", "recording", "off: TRACETUI_OFF is set", "note", "unset TRACETUI_OFF")


def _prices(env: Mapping[str, str]) -> Iterator[Check]:
    from importlib.metadata import PackageNotFoundError, version

    from tracetui.core.errors import TracetuiError
    from tracetui.core.pricing.place import price_path
    from tracetui.core.pricing.price_file import PriceFile
    from tracetui.tui.settings import named_prices

    try:
        yield Check("knowledge", "prices", f"those of genai-prices {version('genai-prices')}")
    except PackageNotFoundError:
        advice = "python -m pip install genai-prices"
        yield Check("knowledge", "prices", "genai-prices is missing: no cost is computed", "note", advice)
    try:
        path = price_path(env, named_prices(env))
        if path is not None:
            count = len(PriceFile.read(path).entries)
            yield Check("knowledge", "own prices", f"{path}: {count} entr{'y' if count == 1 else 'ies'}")
    except TracetuiError as error:
        yield Check("knowledge", "own prices", str(error), "problem", "put it right, or unset TRACETUI_PRICES")
