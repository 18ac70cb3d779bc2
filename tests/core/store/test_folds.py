"""What folds hide."""

import random

import numpy as np
import pytest

from tracetui.core.store.folds import unfolded
from tracetui.core.store.preorder import Preorder
from tracetui.core.store.shape import shape


def forest(rng: random.Random, count: int) -> Preorder:
    parents = [rng.randrange(-1, number) if rng.random() < 0.9 else -1 for number in range(count)]
    made = shape(np.asarray(parents, np.int32))
    return Preorder(made.order, made.depth.astype(np.uint16), made.size, made.position, frozenset())


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95, 1.0])
def test_a_span_is_seen_while_all_above_it_are_open_however_few_those_are(share: float) -> None:
    rng = random.Random(share)
    for _ in range(20):
        tree = forest(rng, 80)
        folds = np.asarray([rng.random() < share for _ in range(80)], np.uint8)
        root = rng.randrange(80)
        inner = (root + 1, root + int(tree.size[root]))
        for begin, end in ((0, 80), inner):
            above = [[at for at in tree.ancestors(position) if at >= begin] for position in range(begin, end)]
            expected = [all(folds[at] for at in each) for each in above]
            seen = unfolded(tree, folds, begin, end)
            assert (seen.tolist() if seen is not None else [True] * (end - begin)) == expected
