"""The files of all environments, of which those of one are in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from floe_compiler.model.files import File, FileSet


class MeshFiles(FileSet):
    """The files of several environments, of which only those of one need be in memory at a time."""

    def __init__(self, parts: Mapping[str, Callable[[], FileSet]], size: int) -> None:
        """Make a set, given what returns the files of each environment, and the number of all files."""
        # Sorted as their paths are: the folder of `a-b` comes before that of `a`.
        self._parts = {name: parts[name] for name in sorted(parts, key=lambda name: f"{name}/")}
        self._size = size
        self._last: tuple[str, FileSet] | None = None

    @property
    def digests(self) -> Mapping[str, str]:
        """The SHA-256 of every file, by path, of all environments at once."""
        return {path: digest for name in self._parts for path, digest in self.of_environment(name).digests.items()}

    def read_git_blobs(self) -> Mapping[str, str]:
        """Return Git's SHA-1 of every file; nothing if one is unknown."""
        blobs = {
            path: blob for name in self._parts for path, blob in self.of_environment(name).read_git_blobs().items()
        }
        return blobs if len(blobs) == self._size else {}

    def of_environment(self, name: str) -> FileSet:
        """Return the files of one environment. Those of the one before are forgotten."""
        if self._last is None or self._last[0] != name:
            self._last = None
            self._last = name, self._parts[name]() if name in self._parts else FileSet.of_texts({})
        return self._last[1]

    def environments(self) -> frozenset[str]:
        """Return the names of the environments that have files."""
        return frozenset(self._parts)

    def chosen(self, paths: Collection[str]) -> Iterator[tuple[File, str]]:
        """Yield the files with these paths, each with its SHA-256, environment by environment."""
        for name in self._parts:
            yield from self.of_environment(name).chosen(paths)

    def __getitem__(self, path: str) -> str:
        return self._of(path)[path]

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and path in self._of(path)

    def __iter__(self) -> Iterator[str]:
        for name in self._parts:
            yield from self.of_environment(name)

    def __len__(self) -> int:
        return self._size

    def _of(self, path: str) -> FileSet:
        return self.of_environment(path.partition("/")[2].partition("/")[0])
