"""Which run is opened first, as runs come, end, fail and go."""

import random
from types import SimpleNamespace

import pytest

from tracetui.core.model import RunStatus
from tracetui.tui.run_states import RunStates

STATUSES = list(RunStatus)


class Folder:
    """Runs whose status and start are set by hand."""

    def __init__(self) -> None:
        self.runs: list[SimpleNamespace] = []
        self.states = RunStates(SimpleNamespace(store=self, status=lambda run: run))  # type: ignore[arg-type]

    def set(self, row: int, status: RunStatus, start: int, *, live: bool = True) -> None:
        while len(self.runs) <= row:
            self.runs.append(SimpleNamespace(status=RunStatus.ok, start=0, live=False))
        self.runs[row] = SimpleNamespace(status=status, start=start, live=live)
        self.states.update([row])

    def first_by_looking_at_all(self) -> tuple[int | None, int]:
        ranked = [(self.states.rank(run.status), -run.start, -row) for row, run in enumerate(self.runs) if run.live]
        return (-min(ranked)[2], min(ranked)[0]) if ranked else (None, 3)


@pytest.mark.parametrize("seed", range(5))
def test_the_first_run_to_open_is_the_one_that_looking_at_all_of_them_finds(seed: int) -> None:
    folder, chance = Folder(), random.Random(seed)
    assert folder.states.first_to_open() == (None, 3)
    for _ in range(300):
        folder.set(chance.randrange(12), chance.choice(STATUSES), chance.randrange(6), live=chance.random() < 0.8)
        if chance.random() < 0.7:
            assert folder.states.first_to_open() == folder.first_by_looking_at_all()


def test_another_run_that_grew_does_not_have_all_runs_looked_at() -> None:
    folder = Folder()
    for row in range(5):
        folder.set(row, RunStatus.error, start=row)
    folder.runs[1] = None  # type: ignore[call-overload]  # whoever looks at it fails
    folder.set(2, RunStatus.error, start=2)
    folder.set(4, RunStatus.error, start=9)
    assert folder.states.first_to_open() == (4, 0)
