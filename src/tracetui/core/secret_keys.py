"""Which keys name a secret: ``password``, ``x-api-key``, ``OPENAI_API_KEY``, ``accessToken`` and their like.

A key is folded first: case, and the separators ``-``, ``_``, ``.``, ``:``, ``/`` and blank, are all one, a hump of
camelCase is a separator too, digits at the end do not count. It names a secret if it *ends* in one of the names here,
as a word or words of its own: ``db_password`` does, ``password_hint`` does not.

The names follow what well known tools look for: the deny list of Sentry's SDK, the keyword detector of detect-secrets,
the rules of gitleaks, the header names of HTTP (RFC 9110, 6265) and the variables that AWS, Azure, GitHub and others
document. Counts of tokens are no secrets: ``tokens``, ``max_tokens``, ``token_count`` and ``tokenizer`` do not end in
`token`, and a number under a key that says token is always a number (`Secrecy.token`).
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Final


class Secrecy(IntEnum):
    """What a key says about what it holds."""

    none = 0
    """Nothing."""
    token = 1
    """Text is a secret, a number is a count."""
    whole = 2
    """Text and numbers are secrets."""
    folder = 3
    """As whole, unless it is a path: the shell's ``PWD`` is the current folder."""


KEY_QUALIFIERS: Final = (
    *("access", "account", "admin", "api", "auth", "decryption", "deploy", "encryption", "hmac", "license", "master"),
    *("private", "secret", "signing", "ssh", "subscription", "webhook"),
)
"""What makes a key one that opens something: ``api_key``, while ``key``, ``cache_key`` and ``public_key`` open nothing."""

# At the end of any word: nobody puts a border into dbpassword.
_ENDINGS: Final = (
    *("password", "passwords", "passwd", "passphrase", "secret", "secrets", "cookie", "cookies", "credentials"),
    *("apikey", "apikeys", "accesskey", "privatekey", "secretkey"),
)
_WORDS: Final = (
    *("authorization", "basic-auth", "http-auth", "proxy-auth", "bearer"),
    *("passcode", "pass-word", "pass-phrase", "db-pass", "smtp-pass"),
    *("credential", "creds", "dsn", "secret-key-base", "private-key-pem"),
    *(f"{word}{hyphen}key{plural}" for word in KEY_QUALIFIERS for hyphen in ("-", "") for plural in ("", "s")),
)
# Marks in a vocabulary, positions, and cursors of paged answers.
_NO_CREDENTIALS: Final = (
    *("bos", "cls", "eos", "fim", "image", "mask", "pad", "sep", "special", "start", "stop", "unk", "end"),
    *("first", "last", "next", "per", "previous", "current"),
    *("continuation", "cursor", "cancellation", "page", "sync"),
)

SECRET_NAMES: Final = ("auth", "pwd", "token", *_ENDINGS, *_WORDS)
"""All names, folded; for tests and documentation."""

_WHOLE_ENDS: Final = (*_ENDINGS, *(f"-{word}" for word in _WORDS))
_HARMLESS_ENDS: Final = tuple(f"-{word}{hyphen}token" for word in _NO_CREDENTIALS for hyphen in ("-", ""))

SEPARATORS: Final = "-_. :/"
"""What stands between the words of a key; none of them is written as an escape by orjson."""

_LONGEST: Final = 96
_REMEMBERED: Final = 4_096
_SEPARATED: Final = re.compile(r"[-_. :/]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PIECE: Final = re.compile(r"(?:[a-z0-9]|[^\x00-\x7f])+")
# Only ASCII: the bytes of a record are compared without case by ASCII too, and the two must agree.
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def folded(key: str) -> str:
    """`key` in small letters, words joined by one hyphen, one before the first; without digits at the end."""
    return "-" + _SEPARATED.sub("-", key.rstrip("0123456789" + SEPARATORS).lstrip(SEPARATORS)).translate(_LOWER)


_FOLDER: Final = re.compile(r"[/~]|[A-Za-z]:[\\/]")


def is_folder(value: str) -> bool:
    """Whether `value`, under a key such as ``PWD``, is the current folder rather than a password."""
    return bool(_FOLDER.match(value))


def _spellings(name: str) -> set[str]:
    """A user's name as written, with its humps as borders of words, and as one word."""
    return {folded(name), humped := folded(_HUMP.sub("-", name)), "-" + humped.replace("-", "")} - {"-"}


def longest_piece(name: str) -> bytes:
    """What every key called `name` has in its JSON, in small ASCII letters; empty if there is nothing such."""
    return max(_PIECE.findall(folded(_HUMP.sub("-", name))), key=len, default="").encode(errors="surrogatepass")


class SecretKeys:
    """The names of this module, or none of them, with a user's own.

    Args:
        names: more names, in any spelling; each counts like those of the module.
        defaults: False for only `names`.
    """

    def __init__(self, names: Iterable[str] = (), *, defaults: bool = True) -> None:
        self.own: Final = tuple(spelling for name in names for spelling in _spellings(name))
        """The names of the user, in all spellings, folded."""
        self._defaults: Final = defaults
        self._known: Final[dict[str, Secrecy]] = {}

    def secrecy(self, key: str) -> Secrecy:
        """What `key` says about its value. Only its last 96 characters are looked at."""
        known = self._known.get(key)
        if known is None:
            end = key[-_LONGEST:]
            # As written and by its humps: aPiKeY is api_key by the first, apiKey by the second.
            known = max(self._of(folded(end)), self._of(folded(_HUMP.sub("-", end))))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            if len(key) <= _LONGEST:
                self._known[key] = known
        return known

    def _of(self, name: str) -> Secrecy:
        if name.endswith(self.own):
            return Secrecy.whole
        if not self._defaults:
            return Secrecy.none
        if name.endswith("token"):
            return Secrecy.none if name.endswith(_HARMLESS_ENDS) else Secrecy.token
        if name.endswith("-pwd"):
            return Secrecy.folder
        return Secrecy.whole if name == "-auth" or name.endswith(_WHOLE_ENDS) else Secrecy.none
