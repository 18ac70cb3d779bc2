"""`--prices`, `TRACETUI_PRICES` and the prices in the user's folder, on the commands that read runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tracetui.core.testing import EPOCH, SECOND
from tracetui.resources import samples_dir

PRICES = '[[prices]]\nmodel = "house-*"\ninput = 1\noutput = 0\n'


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of one call of a model that nobody sells, and a user without settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("TRACETUI_PRICES", raising=False)
    folder = tmp_path / "traces"
    folder.mkdir()
    head = {"tracetui": 1, "type": "header", "seq": 0, "run": "r" * 8, "name": "house", "time": EPOCH}
    span = {"span": "00000000000000a1", "name": "ask", "kind": "llm", "time": EPOCH}
    more = {"model": "house-1", "usage": {"input": 250_000, "output": 7}, "status": "ok", "start": EPOCH}
    lines = [
        head,
        {"type": "span_start", "seq": 1, **span},
        {"type": "span_end", "seq": 2, **span, **more, "time": EPOCH + SECOND},
        {"type": "end", "seq": 3, "time": EPOCH + SECOND, "status": "ok"},
    ]
    (folder / "house.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "house.toml"
    path.write_text(PRICES)
    return path


def test_a_price_file_is_named_by_an_option_the_environment_or_the_users_folder(
    run: Run, house: Path, prices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*more: str | Path) -> object:
        (found,) = run("list", house, "--json", *more).json["runs"]
        return found["cost_computed_usd"], found["cost_prices"]

    assert computed() == (None, None)
    assert computed("--prices", prices) == (0.25, "prices file")
    own = house.parent / "config" / "tracetui"
    own.mkdir(parents=True)
    (own / "prices.toml").write_text(PRICES.replace("1", "2"))
    assert computed() == (0.5, "prices file")
    monkeypatch.setenv("TRACETUI_PRICES", str(prices))
    assert computed() == (0.25, "prices file")
    assert computed("--prices", own / "prices.toml") == (0.5, "prices file")


def test_every_text_shows_what_is_computed_with_its_mark(run: Run, house: Path, prices: Path) -> None:
    assert "~$0.25" in run("list", house, "--prices", prices).out
    assert "~$0.25" in run("view", "latest", "--in", house, "--prices", prices).out
    assert "~$0.25  computed, prices file" in run("stats", house, "--prices", prices).out


def test_a_filter_and_an_order_by_cost_see_what_is_computed(run: Run, house: Path, prices: Path) -> None:
    assert len(run("list", house, "--json", "--prices", prices, "--where", "cost>$0.2").json["runs"]) == 1
    assert run("list", house, "--json", "--where", "cost>$0.2").json["runs"] == []
    spans = run("view", "latest", "--in", house, "--json", "--prices", prices, "--where", "kind:llm cost=0.25").json
    assert [span["cost_source"] for span in spans["spans"]] == ["computed"]
    assert len(run("tail", house, "--jsonl", "--prices", prices, "--where", "cost>=0.25").lines) == 2
    names = [found["name"] for found in run("list", samples_dir(), "--json", "--sort", "-cost").json["runs"][:2]]
    assert names == ["research_agent", "audit"] or names[0] == "research_agent"


def test_a_price_file_that_is_wrong_is_wrong_usage_with_its_place(run: Run, house: Path, prices: Path) -> None:
    prices.write_text(PRICES + "cashed = 3\n")
    for command in ("list", "stats", "tail"):
        answer = run(command, house, "--prices", prices)
        assert (answer.code, answer.out) == (2, "")
        assert "line 5: entry 1, 'cashed': there is no such key" in answer.err
    missing = run("list", house, "--prices", house.parent / "none.toml")
    assert missing.code == 2
    assert "none.toml" in missing.err


@pytest.mark.parametrize(("system", "computed"), [("openai", 2.5), ("ollama", None), ("", 2.5)])
def test_the_provider_that_opentelemetry_names_decides(
    run: Run, tmp_path: Path, system: str, computed: float | None
) -> None:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.system": system}
    counts = {"gen_ai.usage.input_tokens": 1_000_000, "gen_ai.usage.output_tokens": 0}
    told = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items() if value]
    told += [{"key": key, "value": {"intValue": str(value)}} for key, value in counts.items()]
    times = {"startTimeUnixNano": str(EPOCH), "endTimeUnixNano": str(EPOCH + SECOND)}
    span = {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "chat", **times}
    line = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": [{**span, "kind": 3, "attributes": told}]}]}]}
    (tmp_path / "spans.jsonl").write_text(json.dumps(line) + "\n")
    (found,) = run("stats", tmp_path / "spans.jsonl", "--json").json["runs"]
    assert found["cost_computed_usd"] == computed


LOADED = """
import sys
from tracetui.cli import main
main(sys.argv[1:])
print(any(name.split(".")[0] in ("genai_prices", "pydantic", "httpx2") for name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(("sample", "loads"), [("tracetui/plain_loop.jsonl", "False"), ("claude-code", "True")])
def test_the_price_table_is_loaded_only_where_a_call_has_no_recorded_cost(
    sample: str, loads: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "list", str(samples_dir() / sample)],
        capture_output=True,
        text=True,
        check=True,
        env={"XDG_CONFIG_HOME": str(tmp_path), "TRACETUI_CACHE": "off", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stderr.splitlines()[-1] == loads
