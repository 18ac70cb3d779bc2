"""Which model of the library a recorded name means, and that nothing is asked over a network."""

import subprocess
import sys
import time

import pytest

from tracetui.core.pricing.library import Library, library
from tracetui.core.pricing.prices import MOST_NAMES, Prices
from tracetui.core.pricing.rates import Rates


def prices_of(provider: str, model: str) -> tuple[float | None, float | None] | None:
    """Input and output of the newest period, US dollars per million tokens."""
    found = library().rates(provider, model)
    if found is None:
        return None
    rate = found.periods[-1].rate if found.periods else found.otherwise
    assert rate is not None
    return (rate.input.base if rate.input else None), (rate.output.base if rate.output else None)


SONNET = (3.0, 15.0)


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("anthropic", "claude-sonnet-4-20250514", SONNET),
        ("", "claude-sonnet-4-20250514", SONNET),
        ("", "Claude-Sonnet-4-20250514 ", SONNET),
        ("anthropic", "us.anthropic.claude-sonnet-4-20250514-v1:0", SONNET),
        ("", "us.anthropic.claude-sonnet-4-20250514-v1:0", SONNET),
        ("", "bedrock/us.anthropic.claude-sonnet-4-20250514-v1:0", SONNET),
        ("aws.bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0", SONNET),
        ("gcp.vertex_ai", "claude-3-5-sonnet@20240620", SONNET),
        ("", "claude-3-5-sonnet@20240620", SONNET),
        ("openrouter", "anthropic/claude-3.5-sonnet", SONNET),
        ("", "openrouter/anthropic/claude-3.5-sonnet", SONNET),
        ("", "anthropic/claude-3.5-sonnet", SONNET),
        ("anthropic", "anthropic/claude-3.5-sonnet", SONNET),
        ("openai", "gpt-4o", (2.5, 10.0)),
        ("az.ai.openai", "gpt-4o-2024-08-06", (2.5, 10.0)),
        ("azure", "gpt-4o", (2.5, 10.0)),
        ("", "azure/gpt-4o", (2.5, 10.0)),
        ("", "openai/gpt-4o", (2.5, 10.0)),
        ("litellm", "openai/gpt-4o", (2.5, 10.0)),
        ("langchain", "gpt-4o", (2.5, 10.0)),
        ("gcp.gen_ai", "gemini-2.0-flash", (0.1, 0.4)),
        ("", "models/gemini-2.0-flash", (0.1, 0.4)),
        ("", "publishers/google/models/gemini-2.0-flash", (0.1, 0.4)),
        ("", "vertex_ai/gemini-2.0-flash", (0.1, 0.4)),
        ("groq", "llama-3.3-70b-versatile", (0.59, 0.79)),
        ("", "groq/llama-3.3-70b-versatile", (0.59, 0.79)),
        ("openai", "text-embedding-3-small", (0.02, None)),
    ],
)
def test_a_name_is_known_however_its_provider_writes_it(
    provider: str, model: str, expected: tuple[float | None, float | None]
) -> None:
    assert prices_of(provider, model) == expected


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("", ""),
        ("openai", ""),
        ("", "house-model-1"),
        ("", "llama-3.3-70b-versatile"),  # many sell it, each at another price
        ("ollama", "deepseek-r1"),
        ("", "deepseek-r1:7b"),
        ("", "mistral:latest"),
        ("", "ollama/mistral"),
        ("house-gateway", "gpt-4o"),
        ("", "my-claude"),
        ("", "ft:gpt-4o-2024-08-06:org::abc"),
        ("", "test"),
        ("openai", "tts-1"),  # not sold by tokens
    ],
)
def test_a_name_that_nobody_sells_has_no_price(provider: str, model: str) -> None:
    assert prices_of(provider, model) is None


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4o" + "-x" * 500_000,
        "gpt-4o\x1b[2J",
        "gpt-4o\n",
        "(a+)+$" + "a" * 200,
        "gpt-" + "4" * 200 + "o",
        "-".join(["claude"] * 40),
        "/".join(["openrouter"] * 25),
        "\ud800",
        "claude\u202e",
        "[[[",
        ".*",
    ],
    ids=["long", "escape", "newline", "regex", "digits", "parts", "slashes", "surrogate", "turned", "brackets", "dots"],
)
def test_a_hostile_name_is_looked_up_in_bounded_time(model: str) -> None:
    library().rates("", "gpt-4o")
    begun = time.thread_time()
    found = library().rates("", model)
    assert found is None or isinstance(found, Rates)
    assert time.thread_time() - begun < 0.5


def test_a_recording_with_ever_new_models_is_looked_up_only_so_often() -> None:
    prices = Prices()
    begun = time.thread_time()
    for number in range(20 * MOST_NAMES):
        prices.rates("", f"model-{number}")
    assert time.thread_time() - begun < 2.0
    assert prices.rates("", "gpt-4o") is None
    assert Prices().rates("", "gpt-4o") is not None


NO_NETWORK = """
import socket, sys
def refuse(*_, **__): raise SystemExit("a connection was tried")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import threading
from tracetui.core.pricing.library import Library
assert Library().rates("openai", "gpt-4o") is not None
assert Library().rates("openai", "no-such-model") is None
assert threading.active_count() == 1
"""


def test_prices_are_those_that_are_installed_and_nothing_is_asked_over_a_network() -> None:
    done = subprocess.run([sys.executable, "-c", NO_NETWORK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_price_table_that_a_host_has_put_into_the_library_is_not_used() -> None:
    from genai_prices.data_snapshot import DataSnapshot, set_custom_snapshot

    set_custom_snapshot(DataSnapshot(providers=[], from_auto_update=False))
    try:
        assert Library().rates("openai", "gpt-4o") is not None
    finally:
        set_custom_snapshot(None)
