"""Helpers for the tests of this stage: small outputs, and the files on disk."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from floe_compiler.cache.store import Memory
from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.files import File, FileSet
from floe_compiler.write import output
from floe_compiler.write.look import Looks
from floe_compiler.write.output import WriteReport, warnings_if_current

DIGESTS = {"dev": "1" * 64}


STORE = Memory()
"""The cache of all runs of the tests; each test has its own root, and so its own key."""


def files(**texts: str) -> FileSet:
    """Return files of environment dev; `a__b="x"` means output/dev/a/b.yaml with the text x."""
    return FileSet.of(
        [File(f"output/dev/{name.replace('__', '/')}.yaml", f"{text}\n") for name, text in texts.items()], Findings()
    )


def write_output(
    root: Path,
    texts: Mapping[str, str],
    digests: Mapping[str, str] = DIGESTS,
    complete: bool = True,
    allow_delete: Iterable[str] = (),
    warnings: int = 0,
    seen: Looks | None = None,
) -> WriteReport:
    """Write with the store of the tests, into a folder that may have to be made."""
    root.mkdir(exist_ok=True)
    return output.write_output(root, texts, digests, STORE, complete, allow_delete, warnings, seen)


def is_current(root: Path, digests: Mapping[str, str], complete: bool = True) -> bool:
    """Tell whether the output is current, by the store of the tests."""
    return warnings_if_current(root, digests, STORE, complete) is not None


def place(diagnostic: Diagnostic) -> str:
    """Return the file or folder that a diagnostic is about."""
    return diagnostic.span.file if diagnostic.span else diagnostic.subject


def tree(root: Path) -> dict[str, str]:
    """Return every file under output/ with its text."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted((root / "output").rglob("*"))
        if path.is_file()
    }
