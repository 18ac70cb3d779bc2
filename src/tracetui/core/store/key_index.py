"""From a 64-bit key to the row that holds it, in 4 to 12 bytes a row instead of a dictionary's hundred.

The newest rows are in a dictionary; every 16,384 of them move together (vectorised) into an open-addressing table of row
numbers, whose keys are read from the column itself. Rows are only ever added. A table that gets too small is followed by one
of twice the size, into which its rows move a part at a time: all at once would take 100 ms for a million.
"""

from __future__ import annotations

from array import array
from itertools import repeat

from tracetui.core.store.columns import view

_NEWEST = 16_384
_MOVED = 1 << 17
"""Slots of an outgrown table that are moved with each such lot: all of them long before the next one is outgrown."""
_FEW = 32
"""Keys below which looking them up one by one costs less than the set-up of the vectorised form."""
_SPREAD = 0x9E37_79B9_7F4A_7C15  # 2**64 / golden ratio: spreads keys that differ only in their low or high bits
_MASK = 0xFFFF_FFFF_FFFF_FFFF


class KeyIndex:
    """Finds rows by the values of a key column (which the owner appends to before ``add``)."""

    __slots__ = ("_bits", "_keys", "_moved", "_outgrown", "_sealed", "_slots", "newest")

    def __init__(self, keys: array[int]) -> None:
        self._keys = keys
        self.newest: dict[int, int] = {}
        self._slots = array("i")
        """Row + 1 in each used slot, 0 in a free one; the length is a power of two."""
        self._bits = 0
        self._sealed = 0
        """How many rows are in the table, or in the outgrown one."""
        self._outgrown: array[int] | None = None
        self._moved = 0
        """How many slots of the outgrown table have been moved."""

    def get(self, key: int) -> int:
        """The row of a key, -1 if there is none."""
        row = self.newest.get(key, -1)
        return row if row >= 0 or not self._sealed else self._search(key)

    def _search(self, key: int) -> int:
        """The row of a key among those in the tables."""
        row = self._search_in(self._slots, key)
        return self._search_in(self._outgrown, key) if row < 0 and self._outgrown is not None else row

    def _search_in(self, slots: array[int], key: int) -> int:
        keys, mask = self._keys, len(slots) - 1
        slot = ((key * _SPREAD) & _MASK) >> (64 - mask.bit_length())
        while row_plus_one := slots[slot]:
            if keys[row_plus_one - 1] == key:
                return row_plus_one - 1
            slot = (slot + 1) & mask
        return -1

    def get_all(self, keys: list[int]) -> list[int]:
        """The rows of many keys, -1 where there is none."""
        rows = list(map(self.newest.get, keys, repeat(-1)))
        if not self._sealed or -1 not in rows:
            return rows
        missing = [i for i, row in enumerate(rows) if row < 0]
        if len(missing) < _FEW:
            get = self._search
            for i in missing:
                rows[i] = get(keys[i])
            return rows
        for i, row in zip(missing, self._find([keys[i] for i in missing]), strict=True):
            rows[i] = row
        return rows

    def _find(self, wanted: list[int]) -> list[int]:
        rows = self._find_in(self._slots, wanted)
        if self._outgrown is not None and -1 in rows:
            missing = [i for i, row in enumerate(rows) if row < 0]
            found = self._find_in(self._outgrown, [wanted[i] for i in missing])
            for i, row in zip(missing, found, strict=True):
                rows[i] = row
        return rows

    def _find_in(self, table: array[int], wanted: list[int]) -> list[int]:
        import numpy as np

        keys, slots = view(self._keys), view(table)
        want = np.array(wanted, np.uint64)
        found = np.full(len(want), -1, np.int64)
        mask = np.uint64(len(slots) - 1)
        slot = (want * np.uint64(_SPREAD)) >> np.uint64(64 - (len(slots) - 1).bit_length())
        active = np.arange(len(want))
        while len(active) > _FEW:
            rows = slots[slot[active]].astype(np.int64) - 1
            used = rows >= 0
            active, rows = active[used], rows[used]
            hit = keys[rows] == want[active]
            found[active[hit]] = rows[hit]
            active = active[~hit]
            slot[active] = (slot[active] + np.uint64(1)) & mask
        rows_found: list[int] = found.tolist()
        for i in active.tolist():
            rows_found[i] = self._search_in(table, wanted[i])
        return rows_found

    def add(self, key: int, row: int) -> None:
        """Add one row."""
        self.newest[key] = row
        if len(self.newest) >= _NEWEST:
            self._seal()

    def add_all(self, keys: list[int], first_row: int) -> None:
        """Add rows ``first_row``, ``first_row + 1``, … with these keys."""
        self.newest.update(zip(keys, range(first_row, first_row + len(keys)), strict=True))
        if len(self.newest) >= _NEWEST:
            self._seal()

    def _seal(self) -> None:
        """Move the newest rows into the table."""
        import numpy as np

        rows = np.fromiter(self.newest.values(), np.int64, len(self.newest))
        total = self._sealed + len(rows)
        if total * 10 > len(self._slots) * 7:  # longer probes than this cost more than the memory is worth
            self._move(len(self._slots))
            self._bits = max(17, (total * 10 // 7).bit_length())
            self._outgrown, self._moved = self._slots or None, 0
            self._slots = array("i", bytes(4 << self._bits))
        self._move(_MOVED)
        self._place(rows)
        self._sealed = total
        self.newest = {}

    def _move(self, count: int) -> None:
        """Move a part of the outgrown table, if there is one, into the one that follows it."""
        import numpy as np

        if self._outgrown is None:
            return
        part = view(self._outgrown, self._moved, min(self._moved + count, len(self._outgrown)))
        self._place(part[part > 0].astype(np.int64) - 1)
        self._moved += count
        if self._moved >= len(self._outgrown):
            self._outgrown = None

    def _place(self, rows: object) -> None:
        import numpy as np

        keys, slots = view(self._keys), view(self._slots)
        pending = np.asarray(rows)
        mask = np.uint64(len(slots) - 1)
        slot = (keys[pending] * np.uint64(_SPREAD)) >> np.uint64(64 - self._bits)
        while len(pending):
            free = slots[slot] == 0
            slots[slot[free]] = (pending[free] + 1).astype(np.int32)
            lost = slots[slot] != pending + 1  # of several rows that wanted one free slot, the last one got it
            pending, slot = pending[lost], (slot[lost] + np.uint64(1)) & mask

    def sealed(self) -> tuple[array[int], int, int]:
        """The table of those that are in no dictionary: its slots, their bits, and how many rows are in it."""
        self._move(len(self._slots))
        return self._slots, self._bits, self._sealed

    def restore(self, keys: array[int], slots: array[int], bits: int, count: int) -> None:
        """Take up a table that `sealed` gave, over the same keys; the rows behind it are the newest ones."""
        self._outgrown = None
        self._keys, self._slots, self._bits, self._sealed = keys, slots, bits, count
        self.newest = dict(zip(keys[count:], range(count, len(keys)), strict=True))

    def rest_on(self, keys: array[int], slots: array[int]) -> None:
        """The same keys and slots are in other arrays from now on."""
        self._keys, self._slots = keys, slots

    def nbytes(self) -> int:
        """Bytes held, the dictionary estimated at 100 bytes an entry."""
        return (len(self._slots) + len(self._outgrown or ())) * 4 + len(self.newest) * 100
