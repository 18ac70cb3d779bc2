"""A text in pieces answers as the text itself would, wherever the pieces begin and end."""

import random

from tracetui.core.pieced_text import PiecedText


def test_slices_places_and_counts_are_those_of_the_text() -> None:
    chance = random.Random(3)
    for _ in range(60):
        text = "".join(
            chance.choice(("a", "b\n", "é", "\N{GRINNING FACE}", "\udce9")) for _ in range(chance.randrange(60))
        )
        pieced = PiecedText.decoded(text.encode("utf-8", "surrogateescape"), chance.randrange(1, 9))
        assert len(pieced) == len(text)
        for _ in range(40):
            start, stop = chance.randrange(70), chance.randrange(70)
            assert pieced[start:stop] == text[start:stop]
            assert pieced[:-2] == text[:-2]
            assert pieced.find("\n", start, stop) == text.find("\n", start, stop)
            assert pieced.count("\n", start, stop) == text.count("\n", start, stop)


def test_without_bytes_there_is_no_text() -> None:
    empty = PiecedText.decoded(b"")
    assert (len(empty), empty[0:5], empty.find("x"), empty.count("x")) == (0, "", -1, 0)
