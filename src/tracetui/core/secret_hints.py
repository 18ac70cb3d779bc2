r"""Whether encoded JSON may hold a secret: asked of every record, so a few plain searches instead of all the patterns.

The names and prefixes are looked for in two steps. First in a line made short: letters small, ``_`` as ``-``, and
without digits, blanks, punctuation and the letters that no piece needs (`_PIECES` lost them too, so whatever is in the
line is in the short one). Where a piece is there, which happens in clean lines as well (*task-*, *invoke*), the
line itself is looked at with `_CLOSELY`.

Soundness is the point: each secret that `secret_keys` or `secret_texts` knows has one of the `_PIECES`, and matches
`_CLOSELY` wherever it stands in a line, as JSON writes nothing between the characters of a name or prefix.
"""

import re
from typing import Final

from tracetui.core.secret_keys import KEY_QUALIFIERS, SEPARATORS

REDACTED: Final = "[redacted]"
"""What stands in place of a secret."""

_GONE: Final = re.compile(
    r"[\[<({*_]{0,3}(?:redacted|filtered|masked|hidden|removed|scrubbed)[\])>}*_]{0,3}|[*•]+", re.IGNORECASE
)


def is_gone(value: str) -> bool:
    """Whether `value` is what tracetui or another recorder wrote in place of a secret: ``[Filtered]``, ``***``."""
    return bool(_GONE.fullmatch(value))


_KEPT: Final = "abcdefghknoprstuwxy"
_SHORT: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZd_D", b"abctefghijklmnopqrstuvwxyzt-t")
_LEFT_OUT: Final = bytes(code for code in range(256) if chr(code).lower() not in _KEPT and chr(code) not in "-_")

# Short pieces: token and cookie, secret and credential, password and passphrase, authorization, api_key, pwd, dsn,
# bearer, sk- and gsk_, ghp_, glpat- and github_pat_, hf_; with an x: xoxb-, xapp-, xai-, pplx-.
# Plain tests one after another, for a loop over them takes twice as long.


def suspects(line: bytes) -> bool:
    """Whether what was encoded as `line`, or a text as UTF-8, may hold a secret; False: certainly none."""
    # As text, for to look for bytes in bytes costs twice as much.
    text = line.decode("latin-1")
    if ("@" in text and _URL.search(text)) or ("J" in text and "eyJ" in text):
        return True
    if "I" in text and _CAPITALS.search(text):
        return True
    short = line.translate(_SHORT, _LEFT_OUT).decode("latin-1")
    if (
        "oke" in short
        or "cret" in short
        or "pass" in short
        or "auth" in short
        or "key" in short
        or "pwt" in short
        or "tsn" in short
        or "bear" in short
        or "sk-" in short
        or "gh" in short
        or "pat-" in short
        or "hf-" in short
        or ("x" in short and ("xox" in short or "xapp-" in short or "xa-" in short or "ppx-" in short))
    ):
        return _suspects_closely(line.lower().decode("latin-1"), short)
    return False


def _suspects_closely(line: str, short: str) -> bool:
    """The second step, in small letters: for each piece what it stands for."""
    return bool(
        ("oke" in short and (_TOKEN.search(line) or "cookie" in line))
        or ("cret" in short and ("secret" in line or _CREDENTIAL.search(line)))
        or ("pass" in short and _PASS.search(line))
        or ("auth" in short and _AUTH.search(line))
        or ("key" in short and _has_opening_key(line))
        or ("pwt" in short and "pwd" in line)
        or ("tsn" in short and "dsn" in line)
        or ("bear" in short and "bearer" in line)
        or ("sk-" in short and _SK.search(line))
        or ("gh" in short and _GITHUB.search(line))
        or ("pat-" in short and ("glpat-" in line or "github_pat_" in line))
        or ("hf-" in short and "hf_" in line)
        or ("x" in short and ("xox" in line or "xapp-" in line or "xai-" in line or "pplx-" in line))
    )


def _has_opening_key(line: str) -> bool:
    """Whether a word of `KEY_QUALIFIERS` stands before the word key, blanks and hyphens between them or not."""
    at = line.find("key")
    while at != -1:
        if line[max(0, at - _FARTHEST) : at].rstrip(SEPARATORS).endswith(KEY_QUALIFIERS):
            return True
        at = line.find("key", at + 3)
    return False


_FARTHEST: Final = 128  # more than `secret_keys` looks at
_URL: Final = re.compile(r":\\*/\\*/")
_CAPITALS: Final = re.compile(r"A(?:[KS]IA|Iza)")
_TOKEN: Final = re.compile(r"token(?!s)")
_CREDENTIAL: Final = re.compile(r"cred(?:s|ential)")
_PASS: Final = re.compile(r"pass(?!ed|es|ing|age|ive)")
_AUTH: Final = re.compile(r"auth(?:orization|(?![a-z]))")
# Not inside a word, unless an escape ends there (`secret_texts`). It looks back from behind the letters, since a pattern
# that begins with letters is searched many times faster.
_SK: Final = re.compile(
    r"sk[-_](?:(?<![a-z0-9]sk[-_])|(?<=gsk_)|(?<=\\[nrtbf]sk[-_])|(?<=\\[ux][0-9a-f]{2}sk[-_])"
    r"|(?<=\\u[0-9a-f]{4}sk[-_])|(?<=%[0-9a-f]{2}sk[-_])|(?<=[0-9;\[]msk[-_]))"
)
_GITHUB: Final = re.compile(r"gh[opsur]_")


def may_be_escaped(line: bytes) -> bool:
    r"""Whether an encoder other than orjson may have written letters (``\u0073``) or slashes (``\/``) as escapes."""
    return 0x5C in line and (line.find(b"\\u") != -1 or line.find(b"\\/") != -1)
