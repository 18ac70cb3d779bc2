"""`tracetui stats` agrees with a count that shares no code with it."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("count_independently.py")
SAMPLES = Path(__file__).parents[2] / "sample_traces"


PRODUCERS = [
    "design-research-agents",
    "ai-decision-tracer",
    "otlp-json",
    "claude-code",
    "hillstar",
    "ragflow",
    "ddeutil-workflow",
]


@pytest.mark.parametrize("producer", PRODUCERS)
def test_stats_agrees_with_an_independent_count(producer):
    command = [sys.executable, str(SCRIPT), str(SAMPLES / producer), "--compare"]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.rstrip().endswith(" 0 differences")


@pytest.mark.long
@pytest.mark.parametrize("producer", [*PRODUCERS, "tracetui"])
def test_analyze_agrees_with_an_independent_count(producer):
    command = [sys.executable, str(SCRIPT.with_name("count_analysis.py")), str(SAMPLES / producer)]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.rstrip().endswith(" 0 differences")
