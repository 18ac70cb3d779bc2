"""Fixtures of the screen's tests."""

import shutil
from pathlib import Path

import pytest

from tracetui.resources import samples_dir


@pytest.fixture
def native_traces(tmp_path: Path) -> Path:
    """A folder with three native samples, by name: a failed run, a good one, one that was killed."""
    folder = tmp_path / "traces"
    folder.mkdir()
    for name in ("research_agent", "support_bot", "market_watch"):
        shutil.copy2(samples_dir() / "tracetui" / f"{name}.jsonl", folder)
    return folder
