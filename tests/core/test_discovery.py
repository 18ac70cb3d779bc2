"""Which files there are: a little at a time, without loops, and again when folders change."""

import os
from pathlib import Path

import pytest

from tracetui.core.discovery import STEP_ENTRIES, Discovery, Found, Trouble, Vanished


def run(discovery: Discovery) -> list[Found | Vanished | Trouble]:
    findings = []
    while discovery.busy:
        findings += discovery.step()
    return findings


def names(findings: list[Found | Vanished | Trouble], kind: type = Found) -> list[str]:
    return sorted(Path(finding.path).name for finding in findings if isinstance(finding, kind))


def test_ten_thousand_files_are_found_a_few_at_a_time(tmp_path: Path) -> None:
    for n in range(10_000):
        (tmp_path / f"{n}.jsonl").touch()
    discovery = Discovery([str(tmp_path)])
    steps = []
    while discovery.busy:
        steps.append(len(discovery.step()))
    assert sum(steps) == 10_000
    assert max(steps) <= STEP_ENTRIES


def test_folders_that_programs_fill_are_left_out(tmp_path: Path) -> None:
    for folder in (".git", "node_modules", "__pycache__", ".venv", ".claude"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"in{folder}").touch()
    assert names(run(Discovery([str(tmp_path)]))) == ["in.claude"]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "x").touch()
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "b" / "side").symlink_to(tmp_path / "a" / "b")
    assert names(run(Discovery([str(tmp_path)]))) == ["x"]


def test_a_link_that_is_named_itself_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert names(run(Discovery([str(tmp_path / "link")]))) == ["x"]


def test_overlapping_paths_are_walked_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").touch()
    discovery = Discovery([str(tmp_path), str(tmp_path / "a"), str(tmp_path)])
    assert names(run(discovery)) == ["x"]


def test_siblings_are_the_names_in_the_folder(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).touch()
    discovery = Discovery([str(tmp_path)])
    run(discovery)
    assert discovery.siblings(str(tmp_path)) == {"x", "y"}
    assert discovery.siblings("/elsewhere") == frozenset()


def test_a_second_walk_tells_what_is_new_and_what_is_gone(tmp_path: Path) -> None:
    for name in ("stays", "goes", "is replaced"):
        (tmp_path / name).touch()
    discovery = Discovery([str(tmp_path)])
    run(discovery)
    (tmp_path / "goes").unlink()
    (tmp_path / "new").touch()
    (tmp_path / "other").touch()
    (tmp_path / "other").rename(tmp_path / "is replaced")
    discovery.refresh()
    findings = run(discovery)
    assert names(findings) == ["is replaced", "new"]
    assert names(findings, Vanished) == ["goes"]
    assert discovery.siblings(str(tmp_path)) == {"stays", "new", "is replaced"}


def test_a_folder_that_is_gone_takes_all_that_was_in_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "x").touch()
    (tmp_path / "a" / "b" / "y").touch()
    discovery = Discovery([str(tmp_path)])
    run(discovery)
    (tmp_path / "a").rename(tmp_path.parent / f"{tmp_path.name}-away")
    discovery.refresh()
    assert {"x", "y"} <= set(names(run(discovery), Vanished))
    assert discovery.folders == 1


def test_a_path_that_a_watcher_names_is_looked_at_with_all_above_it(tmp_path: Path) -> None:
    discovery = Discovery([str(tmp_path)])
    run(discovery)
    deep = tmp_path / "a" / "b" / "x"
    deep.parent.mkdir(parents=True)
    deep.touch()
    discovery.look_at(str(deep))
    assert names(run(discovery)) == ["x"]
    discovery.look_at("/elsewhere/x")
    assert not discovery.busy


def test_a_path_within_a_folder_that_is_left_out_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".git" / "refs").mkdir(parents=True)
    discovery = Discovery([str(tmp_path)])
    run(discovery)
    (tmp_path / ".git" / "refs" / "x").touch()
    discovery.look_at(str(tmp_path / ".git" / "refs" / "x"))
    assert run(discovery) == []


def test_a_folder_that_may_not_be_listed_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x").touch()
    (tmp_path / "y").touch()
    real = os.scandir

    def refusing(path: str) -> object:
        if path == str(secret):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    discovery = Discovery([str(tmp_path)])
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing)
        findings = run(discovery)
        discovery.refresh()
        again = run(discovery)
    assert names(findings) == ["y"]
    assert [finding for finding in findings + again if isinstance(finding, Trouble)] == [
        Trouble(str(secret), "permission denied")
    ]
    assert discovery.troubles == {str(secret): "permission denied"}
    discovery.refresh()
    assert names(run(discovery)) == ["x"]
    assert discovery.troubles == {}


def test_a_folder_that_vanishes_while_it_is_listed_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for n in range(200):
        (tmp_path / "a" / str(n)).touch()
    discovery = Discovery([str(tmp_path)])
    discovery.step()
    discovery.step()
    for path in (tmp_path / "a").iterdir():
        path.unlink()
    (tmp_path / "a").rmdir()
    run(discovery)
    assert discovery.troubles == {}
    discovery.refresh()
    run(discovery)
    assert discovery.folders == 1
