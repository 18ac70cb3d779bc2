"""From a 64-bit key to the row that holds it, in 4 to 12 bytes a row instead of a dictionary's hundred.

The newest rows are in a dictionary; every 16,384 of them move together (vectorised) into an open-addressing table of row
numbers, whose keys are read from the column itself. Rows are only ever added.
"""

from __future__ import annotations

from array import array
from itertools import repeat

from tracetui.core.store.columns import view

_NEWEST = 16_384
_FEW = 32
"""Keys below which looking them up one by one costs less than the set-up of the vectorised form."""
_SPREAD = 0x9E37_79B9_7F4A_7C15  # 2**64 / golden ratio: spreads keys that differ only in their low or high bits
_MASK = 0xFFFF_FFFF_FFFF_FFFF


class KeyIndex:
    """Finds rows by the values of a key column (which the owner appends to before ``add``)."""

    __slots__ = ("_bits", "_keys", "_sealed", "_slots", "newest")

    def __init__(self, keys: array[int]) -> None:
        self._keys = keys
        self.newest: dict[int, int] = {}
        self._slots = array("i")
        """Row + 1 in each used slot, 0 in a free one; the length is a power of two."""
        self._bits = 0
        self._sealed = 0
        """How many rows are in the table."""

    def get(self, key: int) -> int:
        """The row of a key, -1 if there is none."""
        row = self.newest.get(key, -1)
        return row if row >= 0 or not self._sealed else self._search(key)

    def _search(self, key: int) -> int:
        """The row of a key among those in the table."""
        slots, keys = self._slots, self._keys
        mask = len(slots) - 1
        slot = ((key * _SPREAD) & _MASK) >> (64 - self._bits)
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
        import numpy as np

        keys, slots = view(self._keys), view(self._slots)
        want = np.array(wanted, np.uint64)
        found = np.full(len(want), -1, np.int64)
        mask = np.uint64(len(slots) - 1)
        slot = (want * np.uint64(_SPREAD)) >> np.uint64(64 - self._bits)
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
            rows_found[i] = self._search(wanted[i])
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
            self._bits = max(17, (total * 10 // 7).bit_length())
            old = view(self._slots)
            rows = np.concatenate([old[old > 0].astype(np.int64) - 1, rows])
            del old
            self._slots = array("i", bytes(4 << self._bits))
        self._place(rows)
        self._sealed = total
        self.newest = {}

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
        return self._slots, self._bits, self._sealed

    def restore(self, keys: array[int], slots: array[int], bits: int, count: int) -> None:
        """Take up a table that `sealed` gave, over the same keys; the rows behind it are the newest ones."""
        self._keys, self._slots, self._bits, self._sealed = keys, slots, bits, count
        self.newest = dict(zip(keys[count:], range(count, len(keys)), strict=True))

    def rest_on(self, keys: array[int], slots: array[int]) -> None:
        """The same keys and slots are in other arrays from now on."""
        self._keys, self._slots = keys, slots

    def nbytes(self) -> int:
        """Bytes held, the dictionary estimated at 100 bytes an entry."""
        return len(self._slots) * 4 + len(self.newest) * 100
