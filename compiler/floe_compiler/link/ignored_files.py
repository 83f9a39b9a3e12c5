"""Compiled files that Git does not keep as they are compiled, or does not take at all.

- `.gitattributes`: with `filter`, `working-tree-encoding` or `ident`, Git has other bytes in the repository than on
  disk. Flux has no filters, and Argo CD has Git LFS only if `enableLfs` is set.
- `.gitignore`: Git does not add what it names, unless it was added before.
- A Git repository in the output, such as a submodule: Git adds nothing of what is in it.

They hold from the top of the Git repository down. Sources: gitattributes(5), gitignore(5). Neither Argo CD nor Flux
uses `git archive`, so `export-ignore` does nothing. A `.sourceignore` above the folder of an environment does nothing,
either: the rendered GitRepository has a `sparseCheckout` of that folder, so Flux never has the file (go-git
`plumbing/format/index/index.go`, SkipUnless). Those below are W021.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.span import Span

STORED_OTHERWISE = Rule(
    "C207",
    "compiled file that Git would store differently",
    "A line of .gitattributes lets Git store other bytes than were compiled, such as pointers of Git LFS: these would"
    " be delivered. Let another line below it except output/.",
)
NOT_COMMITTED = Rule(
    "C208",
    "compiled file that Git ignores",
    "A line of .gitignore names compiled files. Git adds none of them that is new, so it would not be delivered. Let"
    " another line below it except output/.",
    severity="warning",
)
OTHER_REPOSITORY = Rule(
    "C220",
    "compiled files in another repository",
    "A folder in output/ is a Git repository of its own, such as a submodule. So commits of the mesh do not have the "
    "compiled files: nobody reviews them, and `diff` cannot compare with them. Flux does not fetch submodules "
    "(`recurseSubmodules` of GitRepository), so it would deliver nothing; Argo CD does, unless that is switched off.",
    severity="warning",
)

_ATTRIBUTES = ("filter", "ident", "working-tree-encoding")

Matches = Callable[[str], int | None]
"""Returns the index of the line that hides a path; -1 if the line that decides does not hide it; None if none does."""


def undelivered(obeyed: Mapping[str, str | None], place: str, files: Iterable[str]) -> Iterator[Diagnostic]:
    """Yield a finding for each line that concerns compiled files.

    Args:
        obeyed: The texts of the files that Git obeys, by their paths from the mesh, such as `../.gitignore`; None for
            what is no regular file, which Git does not obey.
        place: The path of the mesh in its Git repository; empty at the top.
        files: The paths of the compiled files.
    """
    paths = sorted(files)
    for folder in sorted(path.removesuffix("/.git") for path in obeyed if path.endswith("/.git")):
        if any(path.startswith(f"{folder}/") for path in paths):
            message = "is a Git repository of its own, so commits of the mesh do not have its compiled files"
            hint = f"remove it, and commit the files with the inputs: git submodule deinit {folder}; git rm {folder}"
            yield Diagnostic(OTHER_REPOSITORY, message, subject=folder, hint=hint)
    for attribute in _ATTRIBUTES:
        verb = f"{attribute} lets Git store other bytes of"
        yield from _concerned(_of(".gitattributes", obeyed), place, paths, _with_attribute(attribute), verb)
    yield from _concerned(_of(".gitignore", obeyed), place, paths, _by_git, "Git ignores")


def _of(name: str, obeyed: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """Return the files of a name, the deepest first: it decides."""
    files = [(path, text) for path, text in obeyed.items() if path.rpartition("/")[2] == name and text]
    return sorted(files, key=lambda item: (-item[0].count("../"), item[0].count("/")), reverse=True)


def _concerned(
    obeyed: list[tuple[str, str]], place: str, paths: list[str], read: Callable[[str], Matches], verb: str
) -> Iterator[Diagnostic]:
    concerned: dict[tuple[str, int], list[str]] = defaultdict(list)
    readers = [(file, _below(file, place), read(text)) for file, text in obeyed]
    for path in paths if readers else ():
        for file, below, matches in readers:
            index = matches(below(path))
            if index is not None:
                if index >= 0:
                    concerned[file, index].append(path)
                break
    for (file, index), (path, *others) in sorted(concerned.items()):
        more = f" and {len(others)} more compiled files" if others else ""
        yield _finding(file, index, f"{verb} {path}{more}", _below(file, place)("output/"))


def _finding(file: str, index: int, message: str, output: str) -> Diagnostic:
    if file.endswith(".gitattributes"):
        hint = f'write below it: "/{output}** -{message.partition(" ")[0]}"'
        return Diagnostic(STORED_OTHERWISE, message, Span(file, index + 1, 1), hint=hint)
    hint = f'write below it: "!/{output}" and "!/{output}**"'
    return Diagnostic(NOT_COMMITTED, message, Span(file, index + 1, 1), hint=hint)


def _below(file: str, place: str) -> Callable[[str], str]:
    """Return the function from a path in the mesh to the one from the folder of a file that tools obey."""
    above = file.count("../")
    prefix = "".join(f"{part}/" for part in place.split("/")[-above:]) if above else ""
    folder = "" if above else file.rpartition("/")[0]
    return lambda path: f"{prefix}{path}".removeprefix(f"{folder}/") if folder else f"{prefix}{path}"


def _last_line(text: str) -> Matches:
    """Return what finds the line that decides about a path: the last one that matches it, or a folder of its path."""
    from pathspec import PathSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    spec = PathSpec.from_lines(GitIgnoreSpecPattern, [line if _is_pattern(line) else "#" for line in text.splitlines()])

    def matches(path: str) -> int | None:
        result = spec.check_file(path)
        return None if result.include is None else result.index if result.include else -1

    return matches


def _by_git(text: str) -> Matches:
    """Return what finds the line that decides whether Git takes a file. It looks into no folder that it ignores."""
    line = _last_line(text)

    def matches(path: str) -> int | None:
        parts = path.split("/")
        above = [line(f"{'/'.join(parts[:length])}/") for length in range(1, len(parts))]
        return next((index for index in above if index is not None and index >= 0), line(path))

    return matches


def _with_attribute(attribute: str) -> Callable[[str], Matches]:
    """Return what finds the line that gives a file an attribute. A line about a folder says nothing of its files."""

    def read(text: str) -> Matches:
        settings = [
            (index, words[0], _last_line(words[0]), value)
            for index, words in enumerate(line.split() for line in text.splitlines())
            if words and not words[0].startswith("!") and (value := _value(attribute, words[1:])) is not None
        ]

        def matches(path: str) -> int | None:
            name = path.rpartition("/")[2]
            for index, pattern, line, value in reversed(settings):
                if fnmatchcase(name, pattern.rpartition("/")[2]) and line(path) is not None:
                    return index if value else -1
            return None

        return matches

    return read


def _value(attribute: str, words: Iterable[str]) -> bool | None:
    """Return whether words set an attribute; None if they do not name it."""
    named = [word for word in words if word.lstrip("-!").partition("=")[0] == attribute]
    return not named[-1].startswith(("-", "!")) if named else None


def _is_pattern(line: str) -> bool:
    """Return whether a line is a pattern; tools skip others."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        GitIgnoreSpecPattern(line)
    except ValueError:
        return False
    return bool(line.strip())
