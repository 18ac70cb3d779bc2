"""Where the files that come with tracetui are: themes, sample traces and JSON Schemas.

In a checkout they are top-level folders, where people look for them and change them; the build copies them into the
wheel, below `tracetui/_data`. An editable install does not see that copy. This module alone knows both places,
and where the user's own settings and themes are.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def themes_dir() -> Path:
    """The folder of the themes that come with tracetui, `<name>.toml`."""
    return _folder("themes", _CHECKOUT / "themes")


def home_dir(env: Mapping[str, str] | None = None) -> Path:
    """The user's home; one that is not there where the system knows none: no variable, no such user."""
    env = os.environ if env is None else env
    found = env.get("HOME") or str(from_home("~"))
    return Path(found if found.startswith("/") else "/nonexistent")


def from_home(path: str) -> Path:
    """A path in which `~` is home, `~name` that of a user; as it stands where there is no such user."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - that of pathlib raises for a user who is not there


def user_config_dir(env: Mapping[str, str] | None = None) -> Path:
    """The folder of the user's own settings, `$XDG_CONFIG_HOME/tracetui`, else `~/.config/tracetui`; it need not exist."""
    env = os.environ if env is None else env
    base = env.get("XDG_CONFIG_HOME", "")
    root = Path(base) if base.startswith("/") else home_dir(env) / ".config"
    return root / "tracetui"


def user_themes_dir(env: Mapping[str, str] | None = None) -> Path:
    """The folder of the user's own themes; it need not exist."""
    return user_config_dir(env) / "themes"


def theme_names() -> list[str]:
    """Names of the themes that there are files of, the user's own among them; whether a file is right is not looked at."""
    names = set()
    for folder in (themes_dir(), user_themes_dir()):
        with suppress(OSError):  # a folder that cannot be listed has no themes
            names |= {_theme_name(path) for path in folder.glob("*.toml") if path.is_file()}
    return sorted(names)


def _theme_name(path: Path) -> str:
    """What a theme's file calls it, else what the file is called."""
    import tomllib

    try:
        name = tomllib.loads(path.read_text(encoding="utf-8")).get("name")
    except (OSError, ValueError):  # the screen says what is wrong with it
        name = None
    return name if isinstance(name, str) else path.stem


def samples_dir() -> Path:
    """The folder of the sample traces, `<format>/<case>`."""
    return _folder("sample_traces", _CHECKOUT / "sample_traces")


def schemas_dir() -> Path:
    """The folder of the JSON Schemas of what the commands print, `<command>-<version>.json`."""
    return _folder("schemas", _CHECKOUT / "docs" / "schemas")


def _folder(name: str, in_checkout: Path) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else in_checkout
