r"""Where in a text the secrets are: known prefixes, private keys, user info in URLs, and secret keys inside texts.

Only what announces itself is found; nothing is guessed from how random a word looks. Every search is linear in the
length of the text: patterns have no two ways to match the same characters, and what may be long is found by its two
ends and sliced.

Kinds and where they come from:

- ``sk``: ``sk-``, ``sk-proj-``, ``sk-svcacct-``, ``sk-admin-`` (OpenAI, API keys), ``sk-ant-`` (Anthropic, API and admin
  keys), ``sk-or-`` (OpenRouter), ``sk-lf-`` (Langfuse), ``gsk_`` (Groq), ``sk_live_``, ``sk_test_`` (Stripe, API keys)
- ``github``: ``ghp_ gho_ ghu_ ghs_ ghr_`` and ``github_pat_`` (GitHub, "About authentication: token formats")
- ``gitlab``: ``glpat-`` (GitLab, "Token overview: token prefixes")
- ``huggingface``: ``hf_`` (Hugging Face, "User access tokens")
- ``aws``: ``AKIA``, ``ASIA`` (AWS IAM, "Unique identifiers": access keys, temporary ones)
- ``google``: ``AIza`` (Google Cloud, API keys; 39 characters)
- ``slack``: ``xoxb- xoxp- xoxa- xoxr- xoxs- xoxe-`` and ``xapp-`` (Slack, "Token types")
- ``xai``, ``perplexity``: ``xai-``, ``pplx-`` (xAI and Perplexity, API keys)
- ``jwt``: three base64url parts with dots, two of them JSON objects (RFC 7519)
- ``pem``: ``-----BEGIN … PRIVATE KEY-----`` (RFC 7468; OpenSSH; OpenPGP ``PRIVATE KEY BLOCK``)
- ``url``: user info of ``scheme://user:password@host`` (RFC 3986, 3.2.1)
- ``authorization``: ``Authorization: Bearer …``, ``Basic …`` and a long ``Bearer …`` alone (RFC 6750, 7617)
- ``header``: ``Cookie: …``, ``X-Api-Key: …`` and their like at the begin of a line or of a quoted word
- ``quoted``: ``"password": "…"`` in JSON or Python inside a text, however often it is escaped
- ``query``: ``?access_token=…`` (RFC 6750, 2.3)
- ``assigned``: ``DB_PASSWORD=…`` as ``env`` prints it, ``;Password=…`` and ``;AccountKey=…`` of connection strings
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tracetui.core.secret_hints import is_gone
from tracetui.core.secret_keys import Secrecy, is_folder


@dataclass(slots=True, frozen=True)
class Found:
    """A secret: its place in the text, and its kind as listed in the module."""

    start: int
    end: int
    kind: str


Judge = Callable[[str], Secrecy]


def find(text: str, secrecy: Judge, *, keys_only: bool = False) -> Iterator[Found]:
    """The secrets in `text`, kind by kind; they may overlap. `secrecy` judges the keys that stand in the text.

    With `keys_only` nothing but what stands under such keys: the kinds ``quoted``, ``query`` and ``assigned``.
    """
    if not keys_only:
        yield from _announced(text)
    yield from _quoted(text, secrecy)
    if "=" in text:
        yield from _assigned(text, secrecy)


def _announced(text: str) -> Iterator[Found]:
    for prefixed in _PREFIXED:
        if prefixed.prefix in text:
            yield from _after_prefix(text, prefixed)
    if "eyJ" in text:
        yield from _tokens_of_three_parts(text)
    if "-----BEGIN" in text:
        yield from _private_keys(text)
    if "@" in text:
        yield from _user_info(text)
    yield from _headers(text, text.lower())


# ---------------------------------------------------------------- known prefixes


def _always(_: str) -> bool:
    return True


def _has_digit(word: str) -> bool:
    return not word.isalpha() and any(digit in word for digit in "0123456789")


_STRONG_SK: Final = ("sk-ant-", "sk-proj-", "sk-or-", "sk-lf-", "sk-svcacct-", "sk-admin-")
_LONG_WORD: Final = re.compile(r"[A-Za-z0-9]{20}")


def _is_sk(word: str) -> bool:
    """Names in small letters with hyphens, such as the classes of scikit-learn's pages, begin like keys."""
    return word.startswith(_STRONG_SK) or not word.islower() or _has_digit(word) or bool(_LONG_WORD.search(word))


@dataclass(slots=True, frozen=True)
class _Prefixed:
    """A kind of secret by how it begins, what must follow, and whether the whole of it is one."""

    kind: str
    prefix: str
    rest: re.Pattern[str]
    accept: Callable[[str], bool] = _always


_PREFIXED: Final = tuple(
    _Prefixed(kind, prefix, re.compile(rest), accept)
    for kind, prefixes, rest, accept in (
        ("sk", "sk-", r"[A-Za-z0-9_-]{20,}", _is_sk),
        ("sk", "sk_live_ sk_test_ gsk_", r"[A-Za-z0-9]{16,}", _always),
        ("github", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"[A-Za-z0-9_]{20,}", _always),
        ("gitlab", "glpat-", r"[A-Za-z0-9_-]{20,}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,16})?", _always),
        ("huggingface", "hf_", r"[A-Za-z0-9]{30,}", _always),
        ("aws", "AKIA ASIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])", _always),
        ("google", "AIza", r"[A-Za-z0-9_-]{35,}", _always),
        ("slack", "xoxb xoxp xoxa xoxr xoxs xoxe", r"[-.][A-Za-z0-9.-]{10,}", _has_digit),
        ("slack", "xapp-", r"[A-Za-z0-9.-]{10,}", _has_digit),
        ("xai", "xai-", r"[A-Za-z0-9]{40,}", _always),
        ("perplexity", "pplx-", r"[A-Za-z0-9]{40,}", _always),
    )
    for prefix in prefixes.split()
)
# What an escape leaves before the secret: \n, a quote, %3D, a colour.
_ESCAPE: Final = re.compile(r"(?:\\[nrtbf]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2}|[0-9;\[]m)\Z")
_LONGEST_ESCAPE: Final = 6


def _after_prefix(text: str, known: _Prefixed) -> Iterator[Found]:
    """The prefix is found first, then looked back from, then what follows is taken once: no character is read twice."""
    at = text.find(known.prefix)
    while at != -1:
        end = at + len(known.prefix)
        if _begins(text, at) and (match := known.rest.match(text, end)):
            end = match.end()
            if known.accept(text[at:end]):
                yield Found(at, end, known.kind)
        at = text.find(known.prefix, end)


def _begins(text: str, at: int) -> bool:
    """Whether a secret may begin there: not inside a word, unless an escape ends there."""
    before = text[at - 1 : at]
    inside = before.isascii() and before.isalnum()
    return not inside or bool(_ESCAPE.search(text, max(0, at - _LONGEST_ESCAPE), at))


_PART: Final = re.compile(r"eyJ[A-Za-z0-9_-]{8,}+")
_SIGNATURE: Final = re.compile(r"\.[A-Za-z0-9_-]{8,}+")


def _tokens_of_three_parts(text: str) -> Iterator[Found]:
    """Each part is looked at twice at most: a part that is no first one may still be the second of nothing else."""
    at = text.find("eyJ")
    while at != -1:
        end = at + 3
        if header := _PART.match(text, at):
            end = header.end()
            claims = _PART.match(text, end + 1) if text.startswith(".eyJ", end) else None
            if claims and (signature := _SIGNATURE.match(text, claims.end())):
                end = signature.end()
                yield Found(at, end, "jwt")
        at = text.find("eyJ", end)


# ---------------------------------------------------------------- found by their ends

_PEM_BEGIN: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END: Final = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY: Final = re.compile(r"[A-Za-z0-9+/=\s\\]*+")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=]{16}")
_LONGEST_PEM: Final = 65_536


def _private_keys(text: str) -> Iterator[Found]:
    """From the line that begins the key to the one that ends it, or, where that was cut off, as far as it is base64."""
    ends = _PEM_END.finditer(text)
    end = next(ends, None)
    at = 0
    while begin := _PEM_BEGIN.search(text, at):
        while end and end.start() < begin.end():
            end = next(ends, None)
        if end and end.start() - begin.end() <= _LONGEST_PEM:
            body, at = end.start(), end.end()
        elif match := _PEM_BODY.match(text, begin.end()):
            body = at = match.end()
        # Code that looks for keys has the two lines and nothing between them.
        if _BASE64.search(text, begin.end(), body):
            yield Found(begin.start(), at, "pem")


_AUTHORITY: Final = re.compile(r"[A-Za-z0-9]:(?:\\{0,3}/){2}([^\s/?#\"'<>\\`]{1,1024}+)")
_PLACEHOLDER: Final = re.compile(r"\$?\{[^{}]*\}{1,2}|\{\{[^{}]*\}\}|\$[A-Za-z_]\w*|\.{3,}|…|[xX]{3,}|%s|<[^<>]*>")


def _is_placeholder(value: str) -> bool:
    """Whether `value` only says where a secret belongs, as templates and documentation do, or where one was."""
    return bool(_PLACEHOLDER.fullmatch(value)) or is_gone(value)


_KEY_AS_USER: Final = 20


def _user_info(text: str) -> Iterator[Found]:
    """A user alone is no secret (``ssh://git@host``), unless it is as long as a key."""
    for match in _AUTHORITY.finditer(text):
        user, at, _ = match[1].rpartition("@")
        name, colon, password = user.partition(":")
        if not at or _is_placeholder(password if colon else user):
            continue
        if password or (len(name) >= _KEY_AS_USER and _has_digit(name)):
            yield Found(match.start(1), match.start(1) + len(user), "url")


# ---------------------------------------------------------------- keys that stand inside a text

_AUTHORIZATION: Final = re.compile(
    r"authorization[\"'\\]{0,8}[ \t]{0,4}[:=,][ \t]{0,4}[\"'\\]{0,8}"
    r"(?:bearer|basic|token|api-?key)[ \t]{1,4}([^\s\"'\\,;<>]{6,})",
    re.IGNORECASE,
)
_BEARER: Final = re.compile(r"(?<![a-z])bearer[ \t]{1,4}([a-z0-9._~+/=-]{16,})", re.IGNORECASE)
_HEADER: Final = re.compile(
    r"(?:^|(?<=[\"'\n>])|(?<=\\n))[ \t]{0,4}"
    r"(?:(?:set-)?cookie|(?:x-goog-|x-)?api-key|x-(?:auth|access|vault|csrf|amz-security)-token|private-token)"
    r"[ \t]{0,4}:[ \t]{0,4}([^\r\n\"'\\]{8,})",
    re.IGNORECASE,
)


def _headers(text: str, low: str) -> Iterator[Found]:
    if "authorization" in low:
        yield from _values(_AUTHORIZATION, text, "authorization")
    if "bearer" in low:
        yield from (
            found for found in _values(_BEARER, text, "authorization") if _has_digit(text[found.start : found.end])
        )
    if ":" in low and ("cookie" in low or "api-key" in low or "-token" in low):
        yield from _values(_HEADER, text, "header")


def _values(pattern: re.Pattern[str], text: str, kind: str) -> Iterator[Found]:
    for match in pattern.finditer(text):
        if not _is_placeholder(match[1]):
            yield Found(match.start(1), match.end(1), kind)


_COLON: Final = re.compile(r"([\"'])\s{0,4}:\s{0,4}(\\{0,15})([\"'])")
_LONGEST_KEY: Final = 96
_LEVELS: Final = 15
_NEAR: Final = 40


def _quoted(text: str, secrecy: Judge) -> Iterator[Found]:
    """``"key": "value"``, each quote with as many backslashes before it as the text was escaped."""
    done = 0
    for match in _COLON.finditer(text):
        if match.start() < done:
            continue
        before = text[max(0, match.start() - _LONGEST_KEY - _LEVELS) : match.start()].rstrip("\\")
        _, quote, key = before.rpartition(match[1])
        if not quote or not secrecy(key):
            continue
        done = _closing(text, match.end(), match[3], len(match[2]))
        # The tokens of an answer, each with how likely it was.
        if "logprob" in text[done : done + _NEAR]:
            continue
        if done > match.end() and not is_gone(text[match.end() : done]):
            yield Found(match.end(), done, "quoted")


def _closing(text: str, start: int, quote: str, level: int) -> int:
    """Where the value ends: before the quote with no more backslashes than opened it, or at the end of a cut text."""
    at = text.find(quote, start)
    while at != -1:
        end = at
        while end > start and text[end - 1] == "\\":
            end -= 1
        if at - end <= level:
            break
        at = text.find(quote, at + 1)
    else:
        end = len(text)
    line = text.find("\n", start, end)
    return end if line == -1 else line


_QUERY: Final = re.compile(r"[?&]([A-Za-z0-9_.\-]{1,64})=([^\s&#\"'<>\\`]+)")
_VARIABLE: Final = re.compile(
    r"(?<![A-Za-z0-9_])([A-Z][A-Z0-9_]{2,63})=(\"[^\"\n]{1,4096}\"|'[^'\n]{1,4096}'|[^\s\"'&|;<>()\\]+)"
)
_CONNECTION: Final = re.compile(r";\s{0,2}(password|pwd|accountkey|sharedaccesskey)\s?=\s?([^;\"'\s]+)", re.IGNORECASE)


def _assigned(text: str, secrecy: Judge) -> Iterator[Found]:
    # A mail server's AUTH=PLAIN says what it can do.
    for kind, pattern in (("query", _QUERY), ("assigned", _VARIABLE), ("assigned", _CONNECTION)):
        for match in pattern.finditer(text):
            found, value = secrecy(match[1]), match[2].strip("\"'")
            is_count = found is Secrecy.token and value.isdecimal()
            is_path = found is Secrecy.folder and is_folder(value)
            if match[1] != "AUTH" and found and not is_count and not is_path and not _is_placeholder(value):
                yield Found(match.start(2), match.end(2), kind)
