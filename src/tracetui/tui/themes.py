"""Themes: `themes/*.toml`, those that come with tracetui and the user's own, as themes of Textual.

A file gives `name`, `dark`, `background`, `foreground`, `accent`, perhaps `ansi` and others of Textual's fields, and our
own colours under `[variables]` (`OWN_COLOURS`). What a file leaves out is taken from `dark` or `light`. A file that cannot
be used is reported and skipped.

Textual rounds colours on their way through its fields, and mixes others of its own from them; so everything it would
work out is set as a variable here, which it keeps exactly.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from textual.color import Color, ColorParseError
from textual.theme import Theme

from tracetui.core.errors import UnreadableSettings
from tracetui.core.text import safe
from tracetui.resources import themes_dir, user_themes_dir

DEFAULT_THEME: Final = "dark"

TEXT_COLOURS: Final[tuple[str, ...]] = (
    "foreground",
    "strong",
    "muted",
    "accent",
    "status-error",
    "status-warning",
    "status-open",
    "kind-agent",
    "kind-llm",
    "kind-tool",
    "kind-retrieval",
    "kind-check",
    "kind-step",
    "code-key",
    "code-string",
    "code-number",
    "code-keyword",
    "diff-added",
    "diff-removed",
)
"""Our colours that text is written in."""

OWN_COLOURS: Final[tuple[str, ...]] = ("background", *TEXT_COLOURS, "rule")
"""All of our colours; each is a CSS variable of its name."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_VARIABLE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_MIXED: Final = re.compile(r"(?P<colour>\S+) \d{1,3}%")
_WEIGHTS: Final = frozenset(("none", "not", "bold", "dim", "italic", "underline", "reverse", "strike"))
_LARGEST_FILE: Final = 100_000


@dataclass(frozen=True, slots=True)
class Themes:
    """What was found, by name, and one sentence for each file that could not be used."""

    themes: Mapping[str, Theme]
    problems: tuple[str, ...]


def load_themes(folders: Iterable[Path] | None = None) -> Themes:
    """All themes of `folders`, by default those of tracetui and then the user's, where a later name replaces."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in (themes_dir(), user_themes_dir()) if folders is None else folders:
        for path in _theme_files(folder, problems):
            try:
                theme = read_theme(path)
            except UnreadableSettings as error:
                problems.append(str(error))
            else:
                themes[theme.name] = theme
    return Themes(themes, tuple(problems))


def _theme_files(folder: Path, problems: list[str]) -> list[Path]:
    try:
        return sorted(path for path in folder.glob("*.toml") if path.is_file())
    except OSError as error:
        problems.append(safe(f"themes in {folder} not read: {error.strerror or error}"))
        return []


def read_theme(path: Path) -> Theme:
    """The theme in one file; raises `UnreadableSettings` with the reason."""
    try:
        data = path.read_bytes()[: _LARGEST_FILE + 1]
        if len(data) > _LARGEST_FILE:
            raise ValueError(f"larger than {_LARGEST_FILE:,} bytes")
        return theme_from(tomllib.loads(data.decode()), path.stem)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UnreadableSettings(safe(f"theme {path} not used: {reason}")) from error


def theme_from(table: Mapping[str, object], name: str) -> Theme:
    """A theme from the table of a file called `name`; raises `ValueError` with the reason."""
    table = {"name": name, "dark": True, "ansi": False, "luminosity_spread": 0.0, "text_alpha": 1.0, **table}
    values = _checked(table)
    ansi, dark = values["ansi"] is True, values["dark"] is True
    given = _given_colours(table)
    colours = {**_fallback(ansi, dark), **given}
    colours |= {key: colours[like] for key, like in _SAME.items() if like in given and key not in given}
    variables = {**_worked_out(colours, ansi), **colours, **_variables(table)}
    drawn = {
        "primary": colours["accent"],
        "accent": colours["accent"],
        "secondary": colours["kind-llm"],
        "error": colours["status-error"],
        "warning": colours["status-warning"],
        "success": colours["status-open"],
        "foreground": colours["foreground"],
        "background": colours["background"],
    }
    if not ansi:
        drawn |= dict.fromkeys(("surface", "panel", "boost"), colours["background"])
    return Theme(**{**drawn, **values}, variables=variables)  # type: ignore[arg-type]  # checked by name above


def own_colours(theme: Theme) -> dict[str, str]:
    """Our colours in `theme`, also where it is one of Textual's that lacks them."""
    given = {name: theme.variables[name] for name in OWN_COLOURS if name in theme.variables}
    return given if len(given) == len(OWN_COLOURS) else {**_fallback(theme.ansi, theme.dark), **given}


_FIELD_TYPES: Final[Mapping[str, type]] = {
    field.name: {"name": str, "dark": bool, "ansi": bool, "luminosity_spread": float, "text_alpha": float}.get(
        field.name, str
    )
    for field in fields(Theme)
    if field.name != "variables"
}

# What a theme made for Textual alone calls some of our colours; and pairs that are one colour unless a file parts them.
_TEXTUAL_NAMES: Final = {
    "status-error": "error",
    "status-warning": "warning",
    "status-open": "success",
    "accent": "primary",
}
_SAME: Final = {"diff-added": "status-open", "diff-removed": "status-error"}


def _checked(table: Mapping[str, object]) -> dict[str, object]:
    """The fields of Textual's `Theme` in `table`, each of its type and each colour one that can be read."""
    values: dict[str, object] = {}
    for key, value in table.items():
        if key == "variables":
            continue
        kind = _FIELD_TYPES.get(key)
        if kind is None:
            raise ValueError(f"unknown field {key!r}")
        value = float(value) if kind is float and isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(value, kind):
            raise ValueError(f"{key} is not a {kind.__name__}")
        if key == "name":
            if not _NAME.fullmatch(str(value)):
                raise ValueError("the name may hold small letters, digits, - and _")
        elif isinstance(value, str):
            _check_colour(key, value)
        values[key] = value
    return values


def _variables(table: Mapping[str, object]) -> dict[str, str]:
    variables = table.get("variables", {})
    if not isinstance(variables, Mapping):
        raise ValueError("variables is not a table")
    checked: dict[str, str] = {}
    for key, value in variables.items():
        if not _VARIABLE.fullmatch(str(key)) or not isinstance(value, str):
            raise ValueError(f"variable {key!r} is not a name with a text")
        if key.endswith(("-style", "-style-hover")):
            if not set(value.split()) <= _WEIGHTS or not value.split():
                raise ValueError(f"{key}: {value!r} is no style")
        else:
            mixed = _MIXED.fullmatch(value)
            _check_colour(key, mixed["colour"] if mixed and key not in OWN_COLOURS else value)
        checked[key] = value
    return checked


def _check_colour(key: str, value: str) -> None:
    try:
        if value != "auto" or key in OWN_COLOURS or key in _FIELD_TYPES:
            Color.parse(value)
    except ColorParseError as error:
        raise ValueError(f"{key}: {value!r} is no colour") from error


def _given_colours(table: Mapping[str, object]) -> dict[str, str]:
    """Our colours that the file gives, under our name or under Textual's."""
    variables = table.get("variables", {})
    given: dict[str, str] = {}
    for name in OWN_COLOURS:
        for key, place in ((name, variables), (name, table), (_TEXTUAL_NAMES.get(name, ""), table)):
            if isinstance(place, Mapping) and isinstance(value := place.get(key), str):
                given[name] = value
                break
    return given


def _fallback(ansi: bool, dark: bool) -> dict[str, str]:
    """What a file that leaves out some of our colours gets for them: the terminal's, or those of `dark` or `light`."""
    if ansi:
        return dict.fromkeys(OWN_COLOURS, "ansi_default")
    table = tomllib.loads((themes_dir() / ("dark.toml" if dark else "light.toml")).read_text(encoding="utf-8"))
    return _given_colours(table)


def _worked_out(colours: Mapping[str, str], ansi: bool) -> dict[str, str]:
    """What Textual would work out by itself, in our colours; and the weights that stand for colours in `ansi`."""
    names = {
        "foreground": ("text", "link-color", "link-color-hover", "footer-foreground", "footer-description-foreground"),
        "strong": ("footer-key-foreground", *(f"markdown-h{level}-color" for level in range(1, 7))),
        "muted": ("text-muted", "text-disabled", "foreground-muted", "foreground-disabled", "scrollbar-hover"),
        "accent": ("primary", "text-primary", "text-accent", "border", "scrollbar-active"),
        "status-error": ("error", "text-error"),
        "status-warning": ("warning", "text-warning"),
        "status-open": ("success", "text-success"),
        "kind-llm": ("secondary", "text-secondary"),
        "rule": ("border-blurred", "scrollbar"),
        "background": (
            "scrollbar-background",
            "scrollbar-background-hover",
            "scrollbar-background-active",
            "scrollbar-corner-color",
            "footer-background",
            "surface-active",
            "block-hover-background",
            "link-background-hover",
        ),
    }
    variables = {name: colours[like] for like, alike in names.items() for name in alike}
    variables |= {"muted-text-style": "none", "rule-text-style": "none", "accent-text-style": "none"}
    if not ansi:
        return variables | {
            "block-cursor-foreground": colours["background"],
            "block-cursor-background": colours["foreground"],
            "block-cursor-blurred-foreground": colours["strong"],
            "block-cursor-blurred-background": colours["background"],
            "block-cursor-blurred-text-style": "bold underline",
            "input-cursor-foreground": colours["background"],
            "input-cursor-background": colours["foreground"],
            "input-selection-foreground": colours["background"],
            "input-selection-background": colours["muted"],
        }
    return variables | {
        # Textual's style sheets ask for these two, and its own themes of this sort lack them.
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "muted-text-style": "dim",
        "rule-text-style": "dim",
        "accent-text-style": "bold",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "bold reverse",
        "block-cursor-blurred-text-style": "bold underline",
        # A scroll bar is a background, and the default one would be invisible.
        "scrollbar": "ansi_white",
        "scrollbar-hover": "ansi_white",
        "scrollbar-active": "ansi_white",
    }
