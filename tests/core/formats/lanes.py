"""Both lanes of a decoder over the same bytes: the stores that they end in."""

from pathlib import Path

from tests.core.formats.reading import candidate, claim
from tests.core.store.facts import store_facts
from tracetui.core.batch import Batch
from tracetui.core.operations import Columns
from tracetui.core.store import Store

SLOW = 1_500
"""Bytes a piece: too few lines for a fast lane."""
FAST = 262_144


def stored(files, size):
    """The store after reading files of one bundle, (path, data) in order, in pieces; and how many blocks took the fast lane."""
    names = [Path(path).name for path, _ in files]
    store, assembler, fast = Store(), None, 0
    for source, (path, data) in enumerate(files):
        match = claim(data, path, names)
        assembler = assembler or match.format.assembler(match.bundle or path)
        decoder = assembler.decoder(candidate(data, path, names))
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        for operations in [*map(decoder.feed, pieces), decoder.close()]:
            fast += sum(isinstance(operation, Columns) for operation in operations)
            store.apply(Batch(source, match.format.name, operations=operations))
    return store_facts(store), fast


def assert_the_lanes_agree(*files):
    """In small pieces and in large ones the store ends up the same, and the large ones take the fast lane."""
    slow, none = stored(files, SLOW)
    quick, some = stored(files, FAST)
    assert none == 0
    assert some > 0
    assert quick == slow
