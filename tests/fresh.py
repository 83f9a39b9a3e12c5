"""Tells whether all that is generated is what its sources say: `make fresh`.

In one process, as most of what each of these takes is to import the compiler.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from difflib import unified_diff
from io import StringIO
from pathlib import Path

import documented_tables
import rule_examples
from floe_compiler.cli import main as floe_compile

ROOT = Path(__file__).parents[1]
RULES = ROOT / "docs/rules.md"


def rules() -> int:
    """Show how docs/rules.md differs from what it should be; return 1 if it does."""
    with redirect_stdout(StringIO()) as printed:
        floe_compile(["rules", "--format", "markdown"])
    new, old = printed.getvalue(), RULES.read_text(encoding="utf-8")
    sys.stdout.writelines(unified_diff(old.splitlines(True), new.splitlines(True), RULES.name, "make docs"))
    return int(new != old)


CHECKS: Mapping[str, Callable[[], int]] = {
    "schemas/ (make schemas)": lambda: floe_compile(["schema", "--check", "--root", str(ROOT)]),
    "the examples of rules (make docs)": lambda: rule_examples.main(["--check"]),
    "docs/rules.md (make docs)": rules,
    "the tables in the documentation (make docs)": lambda: documented_tables.main(["--check"]),
    "output/ (make compile)": lambda: floe_compile(["check", "--root", str(ROOT)]),
}


def main() -> int:
    """Make all checks, and name what is not current."""
    stale = [name for name, check in CHECKS.items() if check()]
    sys.stdout.flush()
    sys.stderr.writelines(f"not current: {name}\n" for name in stale)
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
