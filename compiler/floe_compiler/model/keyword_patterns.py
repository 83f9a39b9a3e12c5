"""Regular expressions that are compiled once a text has one of the words without which they match nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cached_property


class KeywordPattern:
    """A pattern, and words of which each match has one; without words, any text may match.

    Most texts have none of the words, and looking for them is faster than searching. Compiling the patterns for every
    kind of secret takes longer than all that a run after an edit looks for with them.
    """

    def __init__(self, form: str, words: tuple[str, ...] = (), flags: re.RegexFlag = re.NOFLAG) -> None:
        self._form, self._words, self._flags = form, words, flags

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """Return the first match in a text from an index on."""
        return self._compiled.search(text, start) if self._may_match(text) else None

    def finditer(self, text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[str]]:
        """Return the matches between two indexes of a text."""
        return self._compiled.finditer(text, start, end) if self._may_match(text) else iter(())

    def _may_match(self, text: str) -> bool:
        for word in self._words:  # a generator for `any` would take longer than the words
            if word in text:
                return True
        return not self._words

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._form, self._flags)
