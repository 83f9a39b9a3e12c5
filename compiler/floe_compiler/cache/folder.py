"""The folder of the cache: the user's cache folder, never the repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from floe_compiler.cache.store import Store

VARIABLE = "FLOE_COMPILE_CACHE"
"""The environment variable that names the folder, for CI."""


@contextmanager
def opened(folder: str | None, *, use: bool = True) -> Iterator[Store]:
    """Open the cache in `folder` (default: what the variable says, or the user's cache folder).

    Without `use`, return an empty store in memory, which ends with the run.
    """
    if not use:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="floe-compile-", ignore_cleanup_errors=True) as temporary:
            yield Store(Path(temporary))
        return
    store = Store(Path(folder or os.environ.get(VARIABLE) or _of_the_user()).absolute())
    yield store
    store.prune()


def _of_the_user() -> str:
    from platformdirs import user_cache_dir

    return user_cache_dir("floe-compile", appauthor=False)
