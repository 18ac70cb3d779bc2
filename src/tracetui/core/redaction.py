"""The one gate before every sink and every export: secrets out, everything else as it was.

Redacted is

- by key, at any depth (`tracetui.core.secret_keys`): the names are folded, so that ``X-Api-Key``, ``x_api_key`` and
  ``xApiKey`` are one. A container under such a key keeps its shape and its keys; each text and number inside is
  replaced. True, false, null and empty text stay: they say whether there was a secret, not which. Numbers under keys
  that say token are counts, and stay. Pairs count as keys: ``{"name": "password", "value": …}``, ``{"key": …,
  "value": …}`` as OpenTelemetry writes attributes, and ``["authorization", …]`` as servers hold headers.
- by value, inside any text, keys included (`tracetui.core.secret_texts`): only the secret part is replaced.
- by a user's own keys, patterns and rule.

All searches are linear in the size of the value, and values may be nested as deep as one likes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from tracetui.core import secret_hints
from tracetui.core.secret_hints import REDACTED, is_gone
from tracetui.core.secret_keys import Secrecy, SecretKeys, folded, is_folder, longest_piece

__all__ = ["REDACTED", "SHORTEST", "Redactor", "Rule"]

Rule = Callable[[str, object], object]
"""``rule(key, value)``: called with each text, number, boolean and null, and with the key it stands under ("" without
one); returns what is to be recorded: the value itself or another of these types."""

_PAIR_NAMES: Final = ("name", "key", "header")
_HEADERS: Final = frozenset(("-authorization", "-proxy-authorization", "-cookie", "-set-cookie", "-x-api-key"))
SHORTEST: Final = 10
"""Characters that a text needs to be searched: a shorter one has no room for a name or prefix and a secret."""
_LONGEST_KEY: Final = 96
_REMEMBERED: Final = 4_096


class Redactor:
    """Takes secrets out of values and texts. One may serve many threads.

    Args:
        keys: more names of keys whose values are secret, in any spelling.
        patterns: regular expressions of secrets inside texts, as text or compiled; the whole match is replaced, or
            what its group ``secret`` holds. Raises ``re.error`` here if one is none. How long they take is theirs.
        rule: see `Rule`; what it gives back goes through the other rules.
        defaults: False for only what the other arguments say.
    """

    def __init__(
        self,
        *,
        keys: Iterable[str] = (),
        patterns: Iterable[str | re.Pattern[str]] = (),
        rule: Rule | None = None,
        defaults: bool = True,
    ) -> None:
        names = tuple(keys)
        self.faults = 0
        """How often a pattern or the rule failed; the value it failed on was redacted as a whole."""
        self._keys: Final = SecretKeys(names, defaults=defaults)
        self._patterns: Final = tuple(
            re.compile(pattern) if isinstance(pattern, str) else pattern for pattern in patterns
        )
        self.rule: Final = rule
        self._defaults: Final = defaults
        self._pieces: Final = tuple(longest_piece(name) for name in names)
        self._always: Final = bool(self._patterns) or rule is not None or b"" in self._pieces
        self.shortest: Final = 0 if self._patterns or rule is not None else SHORTEST
        """Texts of fewer characters are redacted by their key only."""
        self._only_defaults: Final = defaults and not self._patterns and not names
        self._clean_keys: Final[set[str]] = set()

    def suspects(self, line: bytes) -> bool:
        r"""Whether a value that was encoded as JSON may hold a secret; False: certainly none.

        Cheap enough for every record, for it looks for short pieces of the prefixes and names only. Right for UTF-8
        from any encoder: where a character may be hidden in an escape (``\u0073k-``, ``:\/\/``), it says True. With
        patterns or a rule it is always True.
        """
        return (
            self._always
            or (self._defaults and secret_hints.suspects(line))
            or (0x5C in line and secret_hints.may_be_escaped(line))
            or (bool(self._pieces) and self._has_piece(line))
        )

    def redact(self, value: object) -> tuple[object, int]:
        """A plain JSON value without its secrets, and how many there were; never raises.

        The value itself is not changed, and given back if there were none. Two keys that become the same are told
        apart by a number.
        """
        try:
            walk = _Walk(self)
            result = walk.through(value)
        except Exception:
            self.faults += 1
            return REDACTED, 1
        return (result, walk.count) if walk.count else (value, 0)

    def text(self, text: str) -> tuple[str, int]:
        """A text without its secrets, and how many there were; never raises. The rule is not asked."""
        if len(text) < self.shortest:
            return text, 0
        if self._only_defaults and not secret_hints.suspects(text.encode(errors="surrogatepass")):
            return text, 0
        try:
            spans = list(self._spans(text))
        except Exception:
            self.faults += 1
            return REDACTED, 1
        return _without(text, spans) if spans else (text, 0)

    def key(self, key: str) -> tuple[str, int]:
        """A key without what is secret in itself, as by `text`; the usual ones are remembered."""
        if key in self._clean_keys:
            return key, 0
        result, count = self.text(key)
        if not count and len(key) <= _LONGEST_KEY:
            if len(self._clean_keys) >= _REMEMBERED:
                self._clean_keys.clear()
            self._clean_keys.add(key)
        return result, count

    def secrecy(self, key: str) -> Secrecy:
        """What `key` says about its value."""
        return self._keys.secrecy(key)

    def ruled(self, key: str, value: object) -> object:
        """What the user's rule makes of a value; `REDACTED` where it fails."""
        if self.rule is None:
            return value
        try:
            result = self.rule(key, value)
        except Exception:
            result = self  # which is no plain value
        if result is None or isinstance(result, (str, int, float)):
            return result
        self.faults += 1
        return REDACTED

    def _has_piece(self, line: bytes) -> bool:
        small = line.lower()
        return any(piece in small for piece in self._pieces)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for pattern in self._patterns:
            group = "secret" if "secret" in pattern.groupindex else 0
            yield from (match.span(group) for match in pattern.finditer(text) if match[group])
        if not self._defaults and not self._keys.own:
            return
        encoded = text.encode(errors="surrogatepass")
        if (self._defaults and secret_hints.suspects(encoded)) or self._has_piece(encoded):
            # Late: most programs record no secret, and never pay for the patterns.
            from tracetui.core.secret_texts import find

            yield from ((found.start, found.end) for found in find(text, self.secrecy, keys_only=not self._defaults))


def _without(text: str, spans: list[tuple[int, int]]) -> tuple[str, int]:
    """`text` with each span, or each group of overlapping spans, replaced."""
    parts: list[str] = []
    at = count = 0
    for start, end in sorted(spans):
        if start < at:
            at = max(at, end)
        else:
            parts += (text[at:start], REDACTED)
            at = end
            count += 1
    return "".join((*parts, text[at:])), count


class _Walk:
    """One value's way through the gate; with a list of what is left to do, so that depth costs nothing."""

    def __init__(self, gate: Redactor) -> None:
        self.count = 0
        self._gate: Final = gate
        self._todo: Final[list[tuple[Any, Any, str, Secrecy]]] = []

    def through(self, value: object) -> object:
        """A copy of `value` without its secrets; `count` says how many there were."""
        result = self._copy(value, "", Secrecy.none)
        while self._todo:
            source, target, key, secrecy = self._todo.pop()
            if isinstance(source, dict):
                self._object(source, target, secrecy)
            else:
                self._array(source, target, key, secrecy)
        return result

    def _copy(self, value: object, key: str, secrecy: Secrecy) -> object:
        """A leaf without its secrets, or a container that is filled later, so that the order of keys stays."""
        if not isinstance(value, (dict, list, tuple)):
            return self._leaf(value, key, secrecy)
        target: dict[object, object] | list[object] = {} if isinstance(value, dict) else []
        self._todo.append((value, target, key, secrecy))
        return target

    def _object(self, source: dict[object, object], target: dict[object, object], outer: Secrecy) -> None:
        paired = Secrecy.none if outer else self._paired(source)
        for key, item in source.items():
            name = key if isinstance(key, str) else ""
            if outer:
                secrecy = Secrecy.token if outer is Secrecy.token or "token" in name.lower() else Secrecy.whole
            elif name == "value" and paired:
                secrecy = paired
            else:
                secrecy = self._gate.secrecy(name)
                if secrecy is Secrecy.token and _is_prediction(source, item):
                    secrecy = Secrecy.none
            target[self._key(key, target)] = self._copy(item, name, secrecy)

    def _paired(self, source: dict[object, object]) -> Secrecy:
        if "value" in source:
            for member in _PAIR_NAMES:
                name = source.get(member)
                if isinstance(name, str) and (secrecy := self._gate.secrecy(name)):
                    return secrecy
        return Secrecy.none

    def _array(self, source: list[object], target: list[object], key: str, secrecy: Secrecy) -> None:
        if not secrecy and len(source) == 2 and isinstance(source[0], str) and folded(source[0]) in _HEADERS:
            target += (source[0], self._copy(source[1], source[0], Secrecy.whole))
        else:
            target += [self._copy(item, key, secrecy) for item in source]

    def _key(self, key: object, target: dict[object, object]) -> object:
        if not isinstance(key, str):
            return key
        clean, count = self._gate.key(key)
        if not count:
            return key
        self.count += count
        distinct, number = clean, 1
        while distinct in target:
            number += 1
            distinct = f"{clean} {number}"
        return distinct

    def _leaf(self, value: object, key: str, secrecy: Secrecy) -> object:
        result, count, is_ruled = value, 0, False
        if self._gate.rule is not None:
            result = self._gate.ruled(key, value)
            is_ruled = result is not value and (type(result) is not type(value) or result != value)
        if isinstance(result, str):
            if secrecy and not (secrecy is Secrecy.folder and is_folder(result)):
                if result and not is_gone(result):
                    result, count = REDACTED, 1
            else:
                result, count = self._gate.text(result)
        elif secrecy > Secrecy.token and isinstance(result, (int, float)) and not isinstance(result, bool):
            result, count = REDACTED, 1
        self.count += max(count, is_ruled)
        return result


def _is_prediction(source: dict[object, object], item: object) -> bool:
    """Whether a token is a piece of an answer, told with how likely it was, not a credential."""
    return "logprob" in source or (isinstance(item, dict) and "logprob" in item)
