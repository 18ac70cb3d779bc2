"""Folders read as a command reads them, and followed while they are written: what is said of each run."""

import time

from tracetui.core.bodies import Bodies
from tracetui.core.formats import FORMATS
from tracetui.core.loading import load
from tracetui.core.reader import Reader
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Store
from tracetui.core.summary import Summaries

LATER = 4_000_000_000 * 1_000_000_000
"""A clock at which nothing is being written any more, ns."""


def said(store, sources):
    """Facts of each run by id."""
    summaries = Summaries(store, sources, Bodies(store, sources, FORMATS), LATER, StatusRules())
    return {facts["id"]: facts for facts in map(summaries.full, store.live_runs())}


def runs_of(*paths):
    """Facts of each run under the paths, by id."""
    loaded = load([str(path) for path in paths])
    with loaded.reader:
        return said(loaded.store, loaded.reader.sources)


def only_run_of(*paths):
    (run,) = runs_of(*paths).values()
    return run


class Followed:
    """A folder that is followed. Time is stepped, so that documents come to rest at once."""

    def __init__(self, folder):
        self.now = time.monotonic()
        self.store = Store()
        self.reader = Reader([str(folder)], follow=True, monotonic=lambda: self.now)
        self.settle()

    def settle(self):
        """Until nothing more comes."""
        for _ in range(8):
            self.now += 6
            for _ in range(200):
                for batch in self.reader.poll(10, 64_000_000):
                    self.store.apply(batch)
                if self.reader.next_due(self.now) > 0:
                    break

    def runs(self):
        """Facts of each run by id, without what says that it was followed."""
        self.settle()
        return said(self.store, self.reader.sources)
