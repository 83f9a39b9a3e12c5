"""The folder of the cache: the user's cache folder, never one in the repository.

Whoever may commit could put results of their own into a folder of the repository, and so pass every check.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from floe_compiler.cache.store import Store

VARIABLE = "FLOE_COMPILE_CACHE"
"""The environment variable that names the folder, for CI."""


class InRepository(ValueError):
    """The folder is in the repository; the message says which, and what to do."""


@contextmanager
def opened(folder: str | None, repository: Path | None = None, *, use: bool = True) -> Iterator[Store]:
    """Open the cache in `folder` (default: what the variable says, or the user's cache folder).

    Without `use`, return an empty store in memory, which ends with the run. So does the user's cache folder if that is
    in the repository, with a message.

    Args:
        folder: The folder that was asked for.
        repository: The top of the repository, outside of which the folder must be.
        use: Whether to use a cache.

    Raises:
        InRepository: If the folder that was asked for is in the repository.
    """
    place = folder_of(folder, repository) if use else None
    if use and place is None:
        users = _of_the_user()
        sys.stderr.write(f"floe-compile: no cache, as {users} is in the repository; name another folder: --cache\n")
    if place is None:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="floe-compile-", ignore_cleanup_errors=True) as temporary:
            yield Store(Path(temporary))
        return
    store = Store(place)
    yield store
    store.prune()


def folder_of(folder: str | None, repository: Path | None = None) -> Path | None:
    """Return the folder that `opened` uses; None if it is the user's cache folder, and in the repository.

    Raises:
        InRepository: If the folder that was asked for is in the repository.
    """
    named = folder or os.environ.get(VARIABLE)
    place = Path(named or _of_the_user()).absolute()
    if repository is None or not place.resolve().is_relative_to(repository.resolve()):
        return place
    if named:
        message = f"the cache cannot be in the repository, as {named} is: a commit could change what it holds"
        raise InRepository(f"{message}; name a folder elsewhere")
    return None


def _of_the_user() -> str:
    from platformdirs import user_cache_dir

    return user_cache_dir("floe-compile", appauthor=False)
