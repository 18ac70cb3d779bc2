"""What spans and runs cost: recorded, computed at the time of each call, or unknown; through every sum."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tracetui.core.batch import Batch
from tracetui.core.model import Kind, Status, Usage
from tracetui.core.operations import Operation, Record, RunFact, Whole
from tracetui.core.pricing import Cost, Costs
from tracetui.core.store import Store

SECOND = 1_000_000_000
AT = int(datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp()) * SECOND
SONNET = "claude-sonnet-4-5"


def call(key: str, usage: Usage | None, model: str = SONNET, **more: Any) -> Whole:
    fields: dict[str, Any] = {"parent": None, "name": key, "kind": Kind.llm, "start": AT, "end": AT + SECOND}
    return Whole("r", key, usage=usage, model=model, status=Status.ok, **(fields | more))


def stored(*operations: Operation, format: str = "tracetui") -> Store:
    store = Store()
    told: list[Operation] = []
    for number, operation in enumerate(operations):
        told += [Record("r", "t", number, 1), operation]
    store.apply(Batch(0, format, operations=told))
    return store


def of_run(*operations: Operation) -> Cost:
    store = stored(*operations)
    return Costs(store).of_run(store.runs[0])


def of_call(usage: Usage, model: str = SONNET, **more: Any) -> Cost:
    return Costs(stored(call("a", usage, model, **more))).of_span(0)


def test_a_call_without_a_recorded_cost_has_the_price_of_its_tokens() -> None:
    found = of_call(Usage(input=1_000_000, output=100_000), "gpt-4o")
    assert found.recorded is None
    assert found.computed == pytest.approx(2.5 + 1)
    assert (found.source, found.partial) == ("computed", False)
    assert found.origin.startswith("genai-prices ")


def test_cached_tokens_and_those_written_to_a_cache_are_part_of_the_input_and_have_their_own_prices() -> None:
    # 3, 0.3 and 3.75 dollars a million.
    assert of_call(Usage(input=100_000, output=0, cached=60_000, cache_write=30_000)).computed == pytest.approx(
        (10_000 * 3 + 60_000 * 0.3 + 30_000 * 3.75) / 1e6
    )
    usage = Usage(input=1_000_000, output=0, cached=600_000, cache_write=300_000)  # writing has no price there
    assert of_call(usage, "gpt-4o").computed == pytest.approx((400_000 * 2.5 + 600_000 * 1.25) / 1e6)


def test_a_recorded_cost_is_not_computed_as_well() -> None:
    assert of_call(Usage(input=100, output=10, cost_usd=0.5)) == Cost(recorded=0.5)
    assert of_call(Usage(input=100, output=10, cost_usd=0.0)) == Cost(recorded=0.0)


def test_a_run_of_recorded_and_computed_calls_is_mixed() -> None:
    found = of_run(call("a", Usage(cost_usd=0.5)), call("b", Usage(input=400_000, output=0), "gpt-4o"))
    assert (found.recorded, found.computed) == (0.5, pytest.approx(1.0))
    assert (found.source, found.partial) == ("mixed", False)
    assert found.usd == pytest.approx(1.5)


def test_a_run_with_a_call_that_nobody_can_price_is_partial() -> None:
    known, unknown = call("a", Usage(input=10, output=1)), call("b", Usage(input=10, output=1), "house-model-1")
    assert of_run(known, unknown).partial
    assert not of_run(known).partial
    assert of_run(unknown) == Cost()


def test_a_run_whose_cost_is_recorded_as_a_whole_is_not_computed_call_by_call() -> None:
    store = stored(call("a", Usage(input=1_000, output=100)), RunFact("r", cost_usd=0.02))
    assert Costs(store).of_run(store.runs[0]) == Cost(recorded=0.02)
    assert Costs(store).of_span(0) == Cost()


def test_calls_below_a_span_that_records_a_cost_are_not_computed_since_it_may_hold_theirs() -> None:
    agent = call("agent", Usage(cost_usd=0.3), "", kind=Kind.agent)
    below = call("b", Usage(input=1_000, output=100), parent="agent")
    found = of_run(agent, below)
    assert (found.recorded, found.computed, found.partial) == (0.3, None, True)


def test_a_root_that_records_nothing_or_zero_leaves_the_calls_below_it_their_price() -> None:
    for usage in (None, Usage(cost_usd=0.0)):
        agent = call("agent", usage, "", kind=Kind.agent)
        found = of_run(agent, call("b", Usage(input=400_000, output=0), "gpt-4o", parent="agent"))
        assert found.usd == pytest.approx(1.0)


def test_sums_over_rows_count_each_span_once() -> None:
    store = stored(call("a", Usage(input=400_000, output=0), "gpt-4o"), call("b", Usage(cost_usd=1.0)))
    assert Costs(store).of_rows([0, 1, 1, 0]).usd == pytest.approx(2.0)
    assert Costs(store).of_rows([]) == Cost()


def test_what_was_asked_once_is_asked_again_after_the_store_has_grown() -> None:
    store = stored(call("a", Usage(input=400_000, output=0), "gpt-4o"))
    costs = Costs(store)
    assert costs.of_run(store.runs[0]).usd == pytest.approx(1.0)
    store.apply(Batch(0, "tracetui", operations=[Record("r", "t", 9, 1), call("b", Usage(cost_usd=2.0))]))
    assert costs.of_run(store.runs[0]).usd == pytest.approx(3.0)


def test_a_recorded_provider_decides_whose_price_it_is() -> None:
    usage, model = Usage(input=1_000_000, output=0), "llama-3.3-70b-versatile"
    assert of_call(usage, model) == Cost()
    assert of_call(usage, model, provider="groq").computed == pytest.approx(0.59)
    assert of_call(usage, "gpt-4o").computed == pytest.approx(2.5)
    assert of_call(usage, "gpt-4o", provider="ollama") == Cost()


def test_calls_of_one_model_from_several_providers_are_told_apart() -> None:
    usage = Usage(input=1_000_000, output=0)
    store = stored(
        *(call(f"s{at}", usage, "gpt-4o", provider=name) for at, name in enumerate(("ollama", "openai", "", "x")))
    )
    assert [Costs(store).of_span(row).computed for row in range(4)] == [
        None,
        pytest.approx(2.5),
        pytest.approx(2.5),
        None,
    ]


def test_a_claude_session_is_anthropics_without_saying_so() -> None:
    usage = Usage(input=1_000_000, output=0)
    for format in ("claude-code", "tracetui"):
        store = stored(call("a", usage, "anthropic/claude-3.5-sonnet"), format=format)
        assert Costs(store).of_span(0).computed == pytest.approx(3.0)
