"""Where the files that come with tracetui are: themes, sample traces and JSON Schemas.

In a checkout they are top-level folders, where people look for them and change them; the build copies them into the
wheel, below `tracetui/_data`. An editable install does not see that copy. This module alone knows both places.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def themes_dir() -> Path:
    """The folder of the themes that come with tracetui, `<name>.toml`."""
    return _folder("themes", _CHECKOUT / "themes")


def samples_dir() -> Path:
    """The folder of the sample traces, `<format>/<case>`."""
    return _folder("sample_traces", _CHECKOUT / "sample_traces")


def schemas_dir() -> Path:
    """The folder of the JSON Schemas of what the commands print, `<command>-<version>.json`."""
    return _folder("schemas", _CHECKOUT / "docs" / "schemas")


def _folder(name: str, in_checkout: Path) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else in_checkout
