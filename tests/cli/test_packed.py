"""Every sample packed with gzip, file by file, says what the plain ones say."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tracetui.resources import samples_dir

FORMATS = sorted(path.name for path in samples_dir().iterdir() if path.is_dir())


def packed(folder: Path) -> None:
    for path in [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith((".db", ".md"))]:
        with path.open("rb") as plain, gzip.open(f"{path}.gz", "wb", compresslevel=1) as file:
            shutil.copyfileobj(plain, file)
        path.unlink()


def without_suffix(value: Any) -> Any:
    """The answer with the names that plain files have, and without what was when."""
    text = json.dumps(value).replace(".gz", "").replace("compressed with gzip: ", "")
    answer = json.loads(text)
    answer.pop("as_of", None)
    return answer


@pytest.mark.parametrize("name", FORMATS)
def test_packed_recordings_say_what_plain_ones_say(name: str, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / name
    shutil.copytree(samples_dir() / name, folder)
    as_of = ("--as-of", "2030-01-01T00:00:00Z")
    plain = run("stats", "--json", *as_of, folder).json
    packed(folder)
    found = run("stats", "--json", *as_of, folder).json
    assert plain["runs"]
    assert sorted(json.dumps(each) for each in without_suffix(found)["runs"]) == sorted(
        json.dumps(each) for each in without_suffix(plain)["runs"]
    )
    assert without_suffix(found)["unreadable"] == without_suffix(plain)["unreadable"]
    assert len(found["unrecognised"]) == len(plain["unrecognised"])
