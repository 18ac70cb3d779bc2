"""Hits of a search in text that is shown."""

from tracetui.tui.presentation.marks import Marks, marked, places_in


def test_a_hit_is_marked_across_pieces_and_the_rest_keeps_its_style() -> None:
    found = marked([("a time", "muted"), ("d Out", ""), (" b", "x")], Marks(("timed out",), ignores_case=True))
    assert found == [("a ", "muted"), ("time", "hit"), ("d Out", "hit"), (" b", "x")]


def test_case_counts_unless_it_is_ignored() -> None:
    assert Marks(("Ab",)).find("abAb") == [(2, 4)]
    assert Marks(("ab",), ignores_case=True).find("abAB") == [(0, 2), (2, 4)]


def test_a_phrase_that_is_wrapped_is_marked_on_both_lines() -> None:
    marks = Marks(("lands at noon",))
    assert places_in("  it lands at", marks, after="  noon sharp") == [(5, 13)]
    assert places_in("  noon sharp", marks, before="  it lands at") == [(2, 6)]
