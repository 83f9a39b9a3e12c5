"""Work for processes that share nothing with the tests: they import this module, which takes them no time."""

from __future__ import annotations

import time


def later_first(shared: float, item: int) -> int:
    """Take the longer the earlier the item comes."""
    time.sleep(shared / (item + 1))
    return item * 10
