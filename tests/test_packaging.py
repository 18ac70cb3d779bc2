"""What is inside a built wheel: an installed tracetui has its themes, samples and schemas with it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tracetui
from tracetui.resources import samples_dir, schemas_dir, themes_dir

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the wheel's files as an installation does."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run_installed(folder: Path, *arguments: str) -> str:
    """What a fresh Python prints that finds tracetui in this folder and not in the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-P", *arguments]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_wheel_carries_the_version_of_the_package(wheel: Path) -> None:
    assert wheel.name == f"tracetui-{tracetui.__version__}-py3-none-any.whl"


def test_the_wheel_installs_the_command(installed: Path) -> None:
    (entry_points,) = installed.glob("*.dist-info/entry_points.txt")
    assert "tracetui = tracetui.cli:main" in entry_points.read_text()


def test_the_wheel_brings_the_manual_page_to_where_man_looks(installed: Path) -> None:
    (page,) = installed.glob("*.data/data/share/man/man1/tracetui.1")
    assert page.read_bytes() == (ROOT / "docs" / "tracetui.1").read_bytes()


def test_the_wheel_carries_the_page_of_exports(installed: Path) -> None:
    page = Path("core", "exporting", "page")
    assert files_below(installed / "tracetui" / page) == files_below(Path(tracetui.__file__).parent / page)
    assert (installed / "tracetui" / page / "page.js").is_file()


def test_the_wheel_says_that_it_is_typed_and_carries_the_licence(installed: Path) -> None:
    assert (installed / "tracetui" / "py.typed").is_file()
    assert list(installed.glob("*.dist-info/licenses/LICENSE"))


@pytest.mark.parametrize(
    ("name", "folder"), [("themes", themes_dir()), ("sample_traces", samples_dir()), ("schemas", schemas_dir())]
)
def test_the_wheel_holds_every_file_of_the_folder(name: str, folder: Path, installed: Path) -> None:
    expected = files_below(folder)
    assert expected
    assert files_below(installed / "tracetui" / "_data" / name) == expected


def test_the_wheel_holds_nothing_but_the_package(installed: Path) -> None:
    begin = f"tracetui-{tracetui.__version__}"
    assert {path.name for path in installed.iterdir()} == {"tracetui", f"{begin}.dist-info", f"{begin}.data"}
    assert files_below(installed / f"{begin}.data") == {"data/share/man/man1/tracetui.1"}


def test_an_installed_tracetui_finds_its_own_files(installed: Path) -> None:
    code = "from tracetui import resources as r; print(r.themes_dir(), r.samples_dir(), r.schemas_dir(), sep='\\n')"
    data = installed / "tracetui" / "_data"
    found = run_installed(installed, "-c", code).splitlines()
    assert found == [str(data / "themes"), str(data / "sample_traces"), str(data / "schemas")]


def test_an_installed_tracetui_filters(installed: Path) -> None:
    assert run_installed(installed, "-m", "tracetui", "list", "--where", "kind:tool", str(samples_dir())).strip()


def test_an_installed_tracetui_lists_its_samples(installed: Path) -> None:
    assert run_installed(installed, "-m", "tracetui", "--sample").strip()
