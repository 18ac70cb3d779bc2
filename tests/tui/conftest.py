"""Fixtures of the screen's tests."""

import shutil
from pathlib import Path

import pytest

from tracetui.resources import samples_dir


@pytest.fixture
def native_traces(tmp_path: Path) -> Path:
    """A folder with the native samples: a failed run, a good one, one that was killed."""
    folder = tmp_path / "traces"
    shutil.copytree(samples_dir() / "tracetui", folder)
    return folder
