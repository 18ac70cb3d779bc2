"""What can be wrong with a recording, in words: each sort of repair that a format or a reading speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(slots=True, frozen=True)
class Sort:
    """One sort of repair in words.

    Args:
        group: heading under which the report shows it.
        label: what was found, before its number.
        why: what it means, in a few words.
        recorded: False: true of this reading and not of the recording; no note of ``stats``.
    """

    group: str
    label: str
    why: str
    recorded: bool = True


WORDS: Final[dict[str, Sort]] = {
    "unreadable": Sort("Not readable", "unreadable records", "the rest of the run is shown"),
    "cut": Sort("Not readable", "incomplete last lines", "the writer stopped within a record"),
    "lost": Sort("Lost", "records lost by the writer", "as it recorded itself"),
    "missing": Sort("Lost", "records missing in the sequence", "their numbers are left out"),
    "restarts": Sort(
        "Lost", "files truncated or rewritten while followed", "read again from the start", recorded=False
    ),
    "taken_back": Sort("Lost", "records gone with them", "they had been read and are shown no more", recorded=False),
    "deleted": Sort("Lost", "file deleted while followed", "what was read stays", recorded=False),
    "orphans": Sort("Parents", "orphans", "their parent was never recorded: they stand under a placeholder"),
    "nesting": Sort("Parents", "parents inferred", "the recording names none: by time or thread"),
    "twice": Sort("Told twice", "spans told twice", "a second start or end of the same span: counted once"),
    "again": Sort("Told twice", "records written twice", "a number of the sequence came again"),
    "repeated": Sort("Told twice", "records counted once", "another file holds them too"),
    "several": Sort("Told twice", "more files that tell it", "put together of all of them, in order of time"),
    "no_start": Sort("Told twice", "ends without a start", "shown by what their end says"),
    "early": Sort("Clocks", "spans that start before their parent", "clocks differ"),
    "late": Sort("Clocks", "spans that end after their parent", "clocks differ, or nobody waited for them"),
    "negative": Sort("Clocks", "spans that end before they start", "shown as no time"),
    "backwards": Sort("Clocks", "times that go back by more than 1 s", "order is as recorded"),
    "far": Sort("Clocks", "times more than 30 days from all others", "the run lasts so long by them alone"),
    "zone_assumed": Sort("Clocks", "zone assumed", "times name none, read in the viewer's own"),
    "zone_inferred": Sort("Clocks", "zone inferred", "times name none"),
    "starts": Sort("Worked out", "starts inferred", "the recording holds only their ends"),
    "ends": Sort("Worked out", "ends inferred", "the recording does not hold them to the moment"),
    "copies": Sort("Set aside", "copies set aside", "files that repeat what another one tells"),
    "side_files": Sort("Set aside", "side files set aside", "reports beside the run, which hold no records"),
    "other_lines": Sort("Set aside", "lines of other runs set aside", "the other run's own file holds them"),
}
"""Every sort of repair, by what ``operations.Repair`` calls it, in the order of the report."""

GROUPS: Final = tuple(dict.fromkeys(sort.group for sort in WORDS.values()))
"""Headings of the report, in order."""

SPAN_SORTS: Final = frozenset(
    {"orphans", "nesting", "twice", "no_start", "early", "late", "negative", "starts", "ends"}
)
"""What is found at spans; ``span_rows`` tells at which."""

CUT_REASON: Final = "incomplete last line"
