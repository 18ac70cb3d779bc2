"""The user's settings: `~/.config/tracetui/settings.toml`, checked as a whole, and where each value comes from.

`SETTINGS` is the one table of them: docs/settings.md, the list on the screen and `tracetui doctor` are made from it. Options
of the command line win over the environment, that over the file, that over the defaults. A mistake never stops anything: it
is told, the value that is next in line is used, and the rest of the file stays in force.

The file is read from the user's configuration folder or from where the user names it, never from a folder of traces. No
Textual here: the commands read settings too.
"""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.durations import duration_ns
from tracetui.core.model import Kind
from tracetui.core.text import safe
from tracetui.resources import from_home, theme_names, user_config_dir

if TYPE_CHECKING:
    from tracetui.core.analysis.slow import SlowRules
    from tracetui.core.run_status import StatusRules

VARIABLE: Final = "TRACETUI_SETTINGS"
"""The environment variable that names another file."""
FILE_NAME: Final = "settings.toml"
LARGEST_FILE: Final = 100_000
"""Bytes of a file that is read; a settings file is a page or two."""
MOST_KEYS: Final = 8
"""Keys that one action may have."""

_SECOND: Final = 1_000_000_000
_ON: Final = frozenset(("1", "true", "yes", "on"))
_OFF: Final = frozenset(("0", "false", "no", "off"))

KeysTable = Mapping[str, tuple[str, ...]]
"""Id of an action to the keys that the user gives it, as written; none: it has no key."""


def _slow_defaults() -> dict[str, int]:
    return {kind.name: {"llm": 30, "tool": 10}.get(kind.name, 5) * _SECOND for kind in Kind}


@dataclass(frozen=True, slots=True)
class Settings:
    """What is in force. Lengths of time are ns."""

    theme: str = "dark"
    symbols: str = "auto"
    mouse: bool = True
    timezone: tzinfo | None = None
    """None: the viewer's own."""
    stall_after: int = 60 * _SECOND
    dead_after: int = 3_600 * _SECOND
    bottleneck: int = 5 * _SECOND
    link: str = "auto"
    motion: str = "auto"
    notify: str = "off"
    notify_on: str = "failure"
    title: bool = True
    state: bool = True
    hints: bool = True
    prices: str = ""
    """A file; empty: the usual one, if it is there."""
    slow: Mapping[str, int] = field(default_factory=_slow_defaults)
    """By the name of a kind."""
    keys: KeysTable = field(default_factory=dict)

    def status_rules(self) -> StatusRules:
        """When a run counts as stalled or dead."""
        from tracetui.core.run_status import StatusRules

        return StatusRules(stall_after_ns=self.stall_after, dead_after_ns=self.dead_after)

    def slow_rules(self) -> SlowRules:
        """When a span counts as slow."""
        from tracetui.core.analysis.slow import SlowRules

        return SlowRules(thresholds_ns={kind: self.slow[kind.name] for kind in Kind})


# ------------------------------------------------------------------------------------------------------------ the table


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the file."""

    key: str
    """As in the file; `slow.llm` stands under `[slow]`."""
    words: str
    allowed: str
    """What may be given, in words."""
    default: str
    """As it would be written in the file."""
    read: Callable[[object], object]
    """The value of what was written, in the file or (as text) in the environment; raises ValueError with what is wrong."""

    @property
    def variable(self) -> str:
        """The environment variable of the same meaning; empty for those in tables."""
        return "" if "." in self.key else f"TRACETUI_{self.key.upper()}"


def _choice(*words: str) -> Callable[[object], object]:
    def read(value: object) -> object:
        if value not in words:
            near = difflib.get_close_matches(str(value).lower(), words, 1)
            raise ValueError(f"there is no {value!a}" + (f"; did you mean {near[0]}?" if near else ""))
        return value

    return read


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _ON | _OFF:
        return value.lower() in _ON
    raise ValueError(f"{value!a} is neither true nor false")


def _duration(least: int = 0) -> Callable[[object], object]:
    def read(value: object) -> object:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        ns = duration_ns(str(value)) if is_number or isinstance(value, str) else None
        if ns is None:
            raise ValueError(f"{value!a} is no length of time")
        if ns < least:
            raise ValueError(f"{value!a} is less than {least // _SECOND} s")
        return ns

    return read


def _theme(value: object) -> object:
    return _choice(*theme_names())(value)


def _zone(value: object) -> object:
    from tracetui.core.zones import zone

    try:
        if isinstance(value, str):
            return zone(value)
    except ValueError:
        pass
    raise ValueError(f"{value!a} is no time zone")


def _file(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"{value!a} is no path")
    path = from_home(value) if value else None
    if path is not None and not path.is_absolute():
        raise ValueError(f"{value!a} is a relative path, which means another file in each folder")
    return "" if path is None else str(path)


_LENGTH: Final = 'a length of time: `90`, `"2s"`, `"1h30m"`'
_BOOL: Final = "`true` or `false`"


def _named(*words: str) -> str:
    return ", ".join(f'`"{word}"`' for word in words)


def _of_choice(key: str, words: str, *choices: str) -> Setting:
    return Setting(key, words, _named(*choices), f'"{choices[0]}"', _choice(*choices))


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "theme",
        "Theme to begin with. Unless it is set here, the one chosen last with `T` is taken, else `terminal` where the "
        "terminal has 16 colours (by `COLORTERM` and `TERM`).",
        "the name of a theme, your own among them",
        '"dark"',
        _theme,
    ),
    _of_choice(
        "symbols",
        "Symbols and lines; `auto` draws with ASCII where the locale is not UTF-8.",
        "auto",
        "unicode",
        "ascii",
    ),
    Setting("mouse", "Whether the screen takes the mouse; without it the terminal selects text.", _BOOL, "true", _flag),
    Setting(
        "timezone",
        "Zone of the times that are shown, and of recorded times without one.",
        '`"local"`, `"UTC"`, `"+02:00"`, `"Europe/Berlin"`',
        '"local"',
        _zone,
    ),
    Setting(
        "stall_after",
        "Silence after which a live run counts as stalled, at the least: a step that usually takes long has three times "
        "its p95.",
        _LENGTH,
        '"1m"',
        _duration(_SECOND),
    ),
    Setting(
        "dead_after",
        "Silence after which nobody is believed to write to a run any more.",
        _LENGTH,
        '"1h"',
        _duration(_SECOND),
    ),
    Setting(
        "bottleneck", "Mean duration from which a name is a bottleneck in the summary.", _LENGTH, '"5s"', _duration()
    ),
    _of_choice(
        "link",
        "What is sent to the terminal: on a `slow` link what changes is shown once a second instead of four times, and "
        "clocks tick every five seconds. `auto` is slow over SSH.",
        "auto",
        "fast",
        "slow",
    ),
    _of_choice(
        "motion",
        "What changes by itself while nothing is read: ages and rates of running steps. `on`: every second; `off`: never, "
        "they are right as of the last change; `auto`: by the link.",
        "auto",
        "on",
        "off",
    ),
    _of_choice(
        "notify",
        "How the terminal is told that a run that was seen running failed or ended: its bell, or a notification of the "
        "desktop by OSC 9 (iTerm2, Windows Terminal, ConEmu) or OSC 777 (urxvt, foot, WezTerm, Ghostty).",
        "off",
        "bell",
        "osc9",
        "osc777",
    ),
    _of_choice("notify_on", "What is worth a notification: a failure only, or every end.", "failure", "end"),
    Setting(
        "title",
        "Whether the title of the terminal names the open run and how it stands; the old one is put back at the end.",
        _BOOL,
        "true",
        _flag,
    ),
    Setting(
        "state",
        "Whether anything is remembered: views, bookmarks, filters, the theme, what was copied. `--no-state` for once.",
        _BOOL,
        "true",
        _flag,
    ),
    Setting("hints", "Whether the first sessions name a key that helps, a few times each.", _BOOL, "true", _flag),
    Setting(
        "prices",
        "File of your own prices (docs/cost.md), for the commands too.",
        "an absolute path, or one from `~`",
        '""',
        _file,
    ),
    *(
        Setting(
            f"slow.{kind}",
            f"Duration from which a span of the kind `{kind}` is slow.",
            _LENGTH,
            f'"{ns // _SECOND}s"',
            _duration(),
        )
        for kind, ns in _slow_defaults().items()
    ),
)
"""All that can be set, but for `[keys]`, whose ids are those of the actions (docs/screen.md)."""

BY_KEY: Final = {setting.key: setting for setting in SETTINGS}
_TABLES: Final = ("slow", "keys")


# -------------------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, where they come from and what was wrong. All text here can be printed."""

    settings: Settings = field(default_factory=Settings)
    sources: Mapping[str, str] = field(default_factory=dict)
    """Key to `file`, `environment (NAME)` or `option`; what is not there is the default."""
    written: Mapping[str, str] = field(default_factory=dict)
    """Key to its value as it would be written in the file; what is not there is the default."""
    problems: tuple[str, ...] = ()
    """One sentence for each mistake: file, key, what is wrong, what is allowed."""
    path: Path | None = None
    """The file; whether it exists or not."""

    def source(self, key: str) -> str:
        """Where a value comes from."""
        return self.sources.get(key, "default")

    def value(self, key: str) -> str:
        """A value as it would be written in the file."""
        return self.written.get(key, BY_KEY[key].default)


def settings_path(env: Mapping[str, str] | None = None) -> Path:
    """The file that the environment names, else the one in the user's configuration folder; it need not exist."""
    env = os.environ if env is None else env
    named = env.get(VARIABLE)
    return Path(named) if named else user_config_dir(env) / FILE_NAME


def load_settings(
    path: Path | None = None, env: Mapping[str, str] | None = None, options: Mapping[str, object] | None = None
) -> Loaded:
    """The settings in force.

    Args:
        path: The file; None: the one of the environment or of the configuration folder.
        env: The environment.
        options: What the command line says, by key, in values as in `Settings`; only what was given.
    """
    env = os.environ if env is None else env
    file = settings_path(env) if path is None else path
    is_named = path is not None or bool(env.get(VARIABLE))
    problems: list[str] = []
    layers = [
        *_from_file(_table_of(file, is_named, problems), file, problems),
        *_from_environment(env, problems),
        *_from_options(options or {}),
    ]
    return _loaded(layers, problems, file)


def named_prices(env: Mapping[str, str] | None = None) -> str:
    """The price file that the settings name, for the commands, which take no other setting; empty if there is none."""
    value = _table_of(settings_path(env), False, []).get("prices")
    try:
        return str(BY_KEY["prices"].read(value)) if value is not None else ""
    except ValueError:  # the screen and `doctor` tell of it
        return ""


def of_options(options: Mapping[str, object]) -> Loaded:
    """The settings that options of the command line alone make, without a file and an environment."""
    return _loaded(_from_options(options), (), None)


def _from_options(options: Mapping[str, object]) -> list[Layer]:
    return [(key, value, _option_words(key, value), "option") for key, value in options.items()]


def _option_words(key: str, value: object) -> str:
    if key in ("stall_after", "dead_after") and isinstance(value, int):
        from tracetui.core.text import duration

        return f'"{duration(value)}"'
    return _as_written(value if isinstance(value, bool) else str(value))


def _loaded(layers: Iterable[Layer], problems: Iterable[str], file: Path | None) -> Loaded:
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    written: dict[str, str] = {}
    for key, value, shown, source in layers:
        values[key], written[key], sources[key] = value, shown, source
    return Loaded(_made(values), sources, written, tuple(problems), file)


def _made(values: Mapping[str, object]) -> Settings:
    slow = _slow_defaults()
    slow |= {key[5:]: value for key, value in values.items() if key.startswith("slow.") and isinstance(value, int)}
    keys = {key[5:]: value for key, value in values.items() if key.startswith("keys.")}
    own = {each.name for each in fields(Settings)}
    # Each was made by the reader of its key, or is an option's value of the same type.
    given: dict[str, Any] = {key: value for key, value in values.items() if key in own}
    return Settings(**{**given, "slow": slow, "keys": keys})


Layer = tuple[str, object, str, str]
"""A key, its value, the value as written, where it comes from."""


def _table_of(path: Path, is_named: bool, problems: list[str]) -> Mapping[str, object]:
    """What the file holds; nothing for a file that is not there, unless it was named."""
    try:
        # A pipe in the place of the file would let the start wait for whoever writes to it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise ValueError("is no file")
            data = stream.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise ValueError(f"is larger than {LARGEST_FILE:,} bytes")
        return tomllib.loads(data.decode())
    except FileNotFoundError:
        if is_named:
            problems.append(safe(f"{path}: there is no such file; the defaults are used"))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problems.append(safe(f"{path}: not used: {reason}"))
    return {}


def _from_file(table: Mapping[str, object], path: Path, problems: list[str]) -> Iterator[Layer]:
    for key, value in table.items():
        if key == "keys" and isinstance(value, Mapping):
            yield from _keys(value, path, problems)
        elif key == "slow" and isinstance(value, Mapping):
            for kind, limit in value.items():
                yield from _from_one(f"slow.{kind}", limit, path, problems)
        elif key in _TABLES:
            problems.append(safe(f"{path}: {key} is a table: write [{key}] and its lines below it"))
        else:
            yield from _from_one(key, value, path, problems)


def _from_one(key: str, value: object, path: Path, problems: list[str]) -> Iterator[Layer]:
    setting = BY_KEY.get(key)
    if setting is None:
        near = difflib.get_close_matches(key, [*BY_KEY, *_TABLES], 1)
        problems.append(safe(f"{path}: there is no setting {key}" + (f"; did you mean {near[0]}?" if near else "")))
        return
    try:
        yield key, setting.read(value), _as_written(value), "file"
    except ValueError as error:
        problems.append(_sentence(str(path), setting, error))


def _from_environment(env: Mapping[str, str], problems: list[str]) -> Iterator[Layer]:
    for setting in SETTINGS:
        name = setting.variable
        # TRACETUI_PRICES may be any path; `price_path` asks for it, for the commands as well.
        if not env.get(name) or setting.key == "prices":
            continue
        try:
            value = setting.read(env[name])
        except ValueError as error:
            problems.append(_sentence(name, setting, error))
        else:
            yield (
                setting.key,
                value,
                _as_written(value if isinstance(value, bool) else env[name]),
                f"environment ({name})",
            )


def _sentence(where: str, setting: Setting, error: ValueError) -> str:
    name = "" if where == setting.variable else f" {setting.key}:"
    return safe(f"{where}:{name} {error}; allowed: {setting.allowed.replace('`', '')}")


def _as_written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe(f'"{value}"' if isinstance(value, str) else str(value))


# ----------------------------------------------------------------------------------------------------------------- keys


def _keys(table: Mapping[str, object], path: Path, problems: list[str]) -> Iterator[Layer]:
    for id, value in _flat(table):
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            problems.append(safe(f'{path}: keys.{id}: allowed: "k", ["k", "ctrl+k"] or "" for no key'))
        elif len(keys) > MOST_KEYS:
            problems.append(safe(f"{path}: keys.{id}: at most {MOST_KEYS} keys"))
        else:
            found = tuple(key.strip() or key for key in keys if key)
            yield f"keys.{id}", found, " ".join(found), "file"


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """Ids and keys: TOML reads `span.fold = "x"` as a table `span`, unless it is quoted."""
    for name, value in table.items():
        if isinstance(value, Mapping) and before.count(".") < 2:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
