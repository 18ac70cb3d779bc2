import time
from functools import cache

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.redaction import worst_cases
from tests.core.planted import HARMLESS, letters, pem
from tracetui.core import secret_hints
from tracetui.core.redaction import Redactor
from tracetui.core.secret_keys import SecretKeys
from tracetui.core.secret_texts import find


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays(text: str) -> None:
    assert Redactor().text(text) == (text, 0)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("use sk-abcdefghijklmnopqrstuvwx1 now", "use [redacted] now"),
        ("postgresql://me:pw@db:5432/app", "postgresql://[redacted]@db:5432/app"),
        ("-H 'Authorization: Bearer abcdefgh'", "-H 'Authorization: Bearer [redacted]'"),
        ("a ghp_" + "a1" * 18 + "/b", "a [redacted]/b"),
        ('{"password": "a\\"b", "q": "c"}', '{"password": "[redacted]", "q": "c"}'),
        ("?token=abc&q=1", "?token=[redacted]&q=1"),
        ("x\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\ny", "x\n[redacted]\ny"),
    ],
)
def test_only_the_secret_part_is_replaced(text: str, result: str) -> None:
    assert Redactor().text(text) == (result, 1)


def test_a_cut_private_key_is_redacted_as_far_as_it_goes() -> None:
    text = "key:\n" + pem(1)[:200] + "\n… and more"

    assert Redactor().text(text) == ("key:\n[redacted]… and more", 1)


FRAGMENTS = st.one_of(
    st.sampled_from(
        [
            *(
                "sk-",
                "sk-proj-",
                "gsk_",
                "sk_live_",
                "ghp_",
                "github_pat_",
                "glpat-",
                "hf_",
                "AKIA",
                "AIza",
                "xoxb-",
                "xapp-",
            ),
            *(
                "xai-",
                "pplx-",
                "eyJ",
                ".",
                "-----BEGIN PRIVATE KEY-----",
                "-----END PRIVATE KEY-----",
                "://",
                ":\\/\\/",
                "@",
            ),
            *(
                "Authorization: ",
                "Bearer ",
                "Basic ",
                "Cookie: ",
                "X-Api-Key: ",
                "\n",
                "\\n",
                "\x1b[0m",
                "%3D",
                "\\u003d",
                "a",
            ),
            *(
                '"password": "',
                "'apiKey':'",
                '\\"token\\": \\"',
                '"',
                "'",
                "?token=",
                "&dsn=",
                "DB_SECRET=",
                ";pwd=",
                "PWD=",
                "AUTH=",
            ),
            *(letters(12), letters(20, 1), letters(40, 2), letters(44, 3).upper(), "AKIA" + letters(16, 4).upper()),
        ]
    ),
    st.text(max_size=3),
)


@given(st.lists(FRAGMENTS, max_size=6).map("".join))
def test_every_secret_in_a_text_is_suspected_in_its_encoding(text: str) -> None:
    text = text.encode(errors="replace").decode()
    found = list(find(text, SecretKeys().secrecy))

    if found:
        assert secret_hints.suspects(text.encode())
        assert Redactor().suspects(orjson.dumps([text]))


texts = cache(worst_cases)


def cost(text: str) -> float:
    """Least time of this process that redacting took, of three times, s."""

    def once() -> float:
        begun = time.process_time()
        Redactor().text(text)
        return time.process_time() - begun

    return min(once() for _ in range(3))


@pytest.mark.parametrize("piece", worst_cases(64))
def test_no_text_costs_more_than_in_proportion_to_its_length(piece: str) -> None:
    # 16 times the length; what grew with its square would cost 256 times as much.
    small, large = (cost(texts(size)[piece]) for size in (4_000, 64_000))

    assert large < 80 * small
