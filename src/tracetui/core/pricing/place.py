"""Where the user's own prices are. Apart from what reads them, since it is asked by every command and loads nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from tracetui.resources import user_config_dir

VARIABLE: Final = "TRACETUI_PRICES"
"""The environment variable that names the file."""
_NAMES: Final = ("prices.toml", "prices.json")
"""What it is called in the user's configuration folder."""


def price_path(env: Mapping[str, str] | None = None, named: str = "") -> str | None:
    """The file that the environment names, else the settings, else the one in the user's folder; None: there is none.

    Args:
        env: The environment.
        named: What the settings name; empty: nothing.
    """
    env = os.environ if env is None else env
    if env.get(VARIABLE):
        return env[VARIABLE]
    if named:
        return named
    paths = (user_config_dir(env) / name for name in _NAMES)
    return next((str(path) for path in paths if path.is_file()), None)
