"""What the tests of this stage have in common: small outputs, and a look at what lies on disk."""

from pathlib import Path

from floe_compiler.model.diagnostics import Diagnostic, Findings
from floe_compiler.model.files import File, FileSet

DIGESTS = {"dev": "1" * 64}


def files(**texts: str) -> FileSet:
    """Return files of environment dev; `a__b="x"` means output/dev/a/b.yaml with the text x."""
    return FileSet.of(
        [File(f"output/dev/{name.replace('__', '/')}.yaml", f"{text}\n") for name, text in texts.items()], Findings()
    )


def place(found: Diagnostic) -> str:
    """Return the file or folder that a diagnostic is about."""
    return found.span.file if found.span else found.subject


def tree(root: Path) -> dict[str, str]:
    """Return every file under output/ with its text."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted((root / "output").rglob("*"))
        if path.is_file()
    }
