"""Names kept once: a string becomes a small number and back."""

from __future__ import annotations


class Strings:
    """Interned texts; number 0 is the empty text. Texts are untrusted and as recorded."""

    __slots__ = ("_ids", "_texts")

    def __init__(self) -> None:
        self._texts = [""]
        self._ids = {"": 0}

    def __getitem__(self, number: int) -> str:
        return self._texts[number]

    def __len__(self) -> int:
        return len(self._texts)

    def texts(self) -> list[str]:
        """All texts by number."""
        return self._texts

    def restore(self, texts: list[str]) -> None:
        """Take up what `texts` gave."""
        self._texts = texts
        self._ids = {}

    def melt(self) -> None:
        """After `restore`: be able to find numbers. Finished recordings that are looked at seldom need it."""
        self._ids = {text: number for number, text in enumerate(self._texts)}

    def find(self, text: str) -> int:
        """The number of a text, 0 if nobody wrote it."""
        if not self._ids:
            self.melt()
        return self._ids.get(text, 0)

    def intern(self, text: str) -> int:
        """The number of a text; the same text has the same number for ever."""
        number = self._ids.get(text)
        if number is None:
            number = self._ids[text] = len(self._texts)
            self._texts.append(text)
        return number

    def intern_all(self, texts: list[str]) -> list[int]:
        """Numbers of many texts, most of them seen before."""
        ids = self._ids
        try:
            return list(map(ids.__getitem__, texts))
        except KeyError:
            new = [text for text in dict.fromkeys(texts) if text not in ids]
            ids.update(zip(new, range(len(self._texts), len(self._texts) + len(new)), strict=True))
            self._texts += new
            return list(map(ids.__getitem__, texts))
