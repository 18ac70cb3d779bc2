"""tracetui: a terminal explorer for the traces that AI agents and workflows leave on disk.

This module holds the public names. Each is looked up when first used, so that importing tracetui, which every recorded
program does, costs next to nothing: nothing but this file is read before a name is asked for.
"""

__version__ = "0.1.0"

_PUBLIC: dict[str, str] = {}
"""Public name -> the module that defines it."""

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> object:
    """Import the module behind a public name (PEP 562) and keep the value for the next look-up."""
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names that were not asked for yet as well."""
    return sorted({*globals(), *__all__})
