"""Keys and actions: every action is a `Binding` with an id on the class that acts; everything else is made from those.

The help screen, the palette, the footers and the docs read the bindings here, so that nothing is listed twice. A keymap
maps ids to keys; `App.set_keymap` puts it in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.binding import Binding
from textual.keys import format_key

if TYPE_CHECKING:
    from textual.dom import DOMNode

SECTIONS: Final[dict[str, str]] = {
    "span": "Spans",
    "runs": "Runs",
    "detail": "Detail",
    "move": "Move",
    "jump": "Jump: next, previous",
    "find": "Find",
    "look": "Look",
    "take": "Take away",
    "app": "Always",
    "compare": "Comparing",
}
"""First part of a binding's id to the heading that it stands under."""

_WORDS: Final = {
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "up": "up",
    "down": "down",
    "left": "left",
    "right": "right",
    "enter": "enter",
    "backspace": "backspace",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One action as people see it."""

    id: str
    keys: tuple[str, ...]
    """As written on a keyboard: `ctrl+d`, `<`."""
    words: str
    action: str
    node: DOMNode
    """The widget, screen or app that acts."""

    @property
    def section(self) -> str:
        """First part of the id."""
        return self.id.partition(".")[0]


def key_words(key: str) -> str:
    """A key of Textual's as it is written on a keyboard: `left_square_bracket` is `[`."""
    *modifiers, last = key.split("+") if key != "+" else [key]
    return "+".join([*modifiers, _WORDS.get(last, "+" if last == "plus" else format_key(last))])


def keys_of(nodes: Iterable[DOMNode]) -> list[Key]:
    """The actions that these nodes offer, each once, in the order in which they are bound."""
    found: dict[str, Key] = {}
    for node in nodes:
        by_id: dict[str, list[Binding]] = {}
        for bindings in node._bindings.key_to_bindings.values():
            for binding in bindings:
                if binding.id and binding.description:
                    by_id.setdefault(binding.id, []).append(binding)
        for id, bindings in by_id.items():
            if id not in found:
                keys = tuple(dict.fromkeys(key_words(binding.key) for binding in bindings))
                found[id] = Key(id, keys, bindings[0].description, bindings[0].action, node)
    return list(found.values())
