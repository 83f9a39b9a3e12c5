"""The files of the compiled output: a set of them without conflicting paths."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from floe_compiler.model.diagnostics import Findings, Rule
from floe_compiler.model.file_digests import FileDigests
from floe_compiler.model.objects import identify
from floe_compiler.model.output_paths import OUTPUT

ONE_PATH = Rule(
    "W001",
    "two objects in one file",
    "Two objects would be written to the same file, so one of them would be lost. Give one of them another name.",
)
CASE_CLASH = Rule(
    "W002",
    "paths that differ only in case",
    "Two output paths are equal but for upper and lower case or Unicode form. macOS and Windows check out only one of "
    "them. Give one of the objects another name.",
)


NO_TEXT = Rule(
    "W020",
    "key that is too long for YAML",
    "An object has a key that is too long for YAML: readers find keys of up to 1024 characters. Give it a shorter one.",
)


class File(msgspec.Struct, frozen=True):
    """One file to write: its path from the repository's root, its text, and its object for messages."""

    path: str
    text: str
    subject: str = ""


class FileSet(Mapping[str, str]):
    """The text of each output file, by its path from the repository's root, in the order of the paths.

    A text is read only on access.
    """

    def __init__(
        self,
        digests: Mapping[str, str] | Callable[[], Mapping[str, str]],
        read: Callable[[str], str],
        read_git_blobs: Callable[[], Mapping[str, str]] = dict,
        read_many: Callable[[Collection[str]], Iterator[tuple[File, str]]] | None = None,
    ) -> None:
        """Make a set.

        Args:
            digests: The SHA-256 of every file, by path, in the order of the paths; or what returns it.
            read: Returns the text of a file.
            read_git_blobs: Returns Git's SHA-1 of every file, or nothing.
            read_many: Yields several files in the order that is the fastest, each with its SHA-256.
        """
        self._digests = digests
        self._read, self._read_many = read, read_many
        self.read_git_blobs = read_git_blobs

    @property
    def digests(self) -> Mapping[str, str]:
        """The SHA-256 of every file, by path."""
        if callable(self._digests):
            self._digests = self._digests()
        return self._digests

    @classmethod
    def of(cls, files: Iterable[File], findings: Findings) -> FileSet:
        """Return the set of these files; of two with the same path, keep the first and add a finding (W001, W002)."""
        texts = {file.path: file.text for file in _without_clashes(files, findings)}
        return FileSet({path: sha256(text.encode()) for path, text in texts.items()}, texts.__getitem__)

    @classmethod
    def of_digests(cls, groups: Sequence[FileDigests], texts_of: Callable[[int], Sequence[str]]) -> FileSet:
        """Return the set of files in some groups, without their texts. No path is in two of them.

        Args:
            groups: The files. They become one set.
            texts_of: Returns the texts of a group, given its position.
        """
        owners: dict[str, tuple[int, int]] = {}

        def digests() -> Mapping[str, str]:
            return dict(sorted(pair for group in groups for pair in group.hashes()))

        def read(path: str) -> str:
            if not owners:  # A run that changes no file reads no text.
                owners.update(
                    (path, (number, index))
                    for number, group in enumerate(groups)
                    for index, path in enumerate(group.paths)
                )
            number, index = owners[path]
            return texts_of(number)[index]

        def read_many(chosen: Collection[str]) -> Iterator[tuple[File, str]]:
            for number, group in enumerate(groups):
                matches = [(index, *pair) for index, pair in enumerate(group.hashes()) if pair[0] in chosen]
                texts = texts_of(number) if matches else ()
                yield from ((File(path, texts[index]), digest) for index, path, digest in matches)

        def git_blobs() -> Mapping[str, str]:
            blobs = {path: blob for group in groups for path, blob in group.blobs()}
            return blobs if len(blobs) == sum(len(group.paths) for group in groups) else {}

        return FileSet(digests, read, git_blobs, read_many)

    @classmethod
    def of_texts(cls, texts: Mapping[str, str]) -> FileSet:
        """Return texts by path as a set; return a set unchanged."""
        if isinstance(texts, FileSet):
            return texts
        return cls.of((File(path, text) for path, text in texts.items()), Findings())

    def of_environment(self, name: str) -> FileSet:
        """Return the files of one environment."""
        folder = f"{OUTPUT}/{name}/"
        digests = {path: digest for path, digest in self.digests.items() if path.startswith(folder)}
        return FileSet(digests, self._read, read_many=self._read_many)

    def environments(self) -> frozenset[str]:
        """Return the names of the environments that have files."""
        return frozenset(path.split("/")[1] for path in self.digests)

    def chosen(self, paths: Collection[str]) -> Iterator[tuple[File, str]]:
        """Yield the files with these paths, each with its SHA-256, in any order; a set of paths is the fastest."""
        if self._read_many:
            yield from self._read_many(paths)
        else:
            yield from ((File(path, self._read(path)), self.digests[path]) for path in sorted(paths))

    def __getitem__(self, path: str) -> str:
        if path not in self.digests:
            raise KeyError(path)
        return self._read(path)

    def __contains__(self, path: object) -> bool:
        return path in self.digests

    def __iter__(self) -> Iterator[str]:
        return iter(self.digests)

    def __len__(self) -> int:
        return len(self.digests)


def check_paths(groups: Sequence[FileDigests], texts_of: Callable[[int], Sequence[str]], findings: Findings) -> int:
    """Return the number of files in some groups; conflicting paths are findings as in `FileSet.of`.

    Args:
        groups: The files.
        texts_of: Returns the texts of a group, given its position.
        findings: Gets the conflicts.
    """
    paths = [path for group in groups for path in group.paths]
    if len(_all_portably(paths)) < len(paths):
        _without_clashes(_clashing(groups, texts_of), findings)
    return len(paths)


def sha256(data: bytes) -> str:
    """Return the hash of a file's content, in the form of the index."""
    return hashlib.sha256(data).hexdigest()


def git_blob(data: bytes, algorithm: str = "sha1") -> str:
    """Return Git's hash of a content, in a repository whose object format is `algorithm`."""
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def report_clashes(files: Iterable[File], findings: Findings) -> None:
    """Add a finding for each of two files with the same path (W001, W002)."""
    _without_clashes(files, findings)


def _clashing(groups: Iterable[FileDigests], texts_of: Callable[[int], Sequence[str]]) -> Iterator[File]:
    """Yield the files of some groups whose paths are equal to others, each with its object."""
    from floe_compiler.model.yaml_text import from_yaml

    rows = [(path, number, index) for number, group in enumerate(groups) for index, path in enumerate(group.paths)]
    counts = Counter(_portably(path) for path, _, _ in rows)
    for path, number, index in rows:
        if counts[_portably(path)] > 1:
            text, site = texts_of(number)[index], "/".join(path.split("/")[1:-2])
            yield File(path, text, f"{site}: {identify(from_yaml(text))}")


def _without_clashes(files: Iterable[File], findings: Findings) -> list[File]:
    """Return the files sorted by path; of several with the same path, keep the first and add a finding."""
    taken: dict[str, File] = {}
    for file in files:
        first = taken.setdefault(_portably(file.path), file)
        if first is not file:
            _report_clash(first, file, findings)
    return sorted(taken.values(), key=lambda file: file.path)


def _portably(path: str) -> str:
    """Return a path in the form in which equal paths are equal on file systems that ignore case and Unicode form."""
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path.casefold())


def _all_portably(paths: Sequence[str]) -> set[str]:
    """Return the paths in that form. Nearly all are ASCII, and one text is faster than thousands."""
    text = "\n".join(paths)
    return set(text.lower().split("\n")) if text.isascii() else set(map(_portably, paths))


def _report_clash(first: File, second: File, findings: Findings) -> None:
    names = f"{first.subject or 'one object'} and {second.subject or 'another'}"
    if first.path == second.path:
        findings.add(ONE_PATH, f"{names} would both be written to {first.path}", subject=second.subject)
    else:
        findings.add(CASE_CLASH, f"{names} would be written to {first.path} and {second.path}", subject=second.subject)
