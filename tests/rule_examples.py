"""Writes the examples by which `floe-compile rules` explains errors and warnings: `make docs`.

The example of a rule is the shortest report of it among the accepted ones in tests/errors: what was wrong, where, and
the hint. `python tests/rule_examples.py` writes them, with `--check` it fails if they are not current.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "compiler/floe_compiler/commands/rule_examples.json"
FINDING = re.compile(r"^\S.*?(?:error|warning)\[([A-Z]\d{3})\]: ")


def examples() -> dict[str, str]:
    """Return the example of each rule that has one, by its code."""
    examples_: dict[str, list[str]] = {}
    for file in sorted((ROOT / "tests/errors").glob("*/expected.txt")):
        for block in file.read_text(encoding="utf-8").split("\n\n"):
            if match := FINDING.match(block):
                examples_.setdefault(match[1], []).append(block)
    # A hint says how to correct it; without an excerpt, one does not see what was wrong.
    return {
        code: min(examples_[code], key=lambda text: ("hint: " not in text, " | " not in text, len(text), text))
        for code in sorted(examples_)
    }


def main(arguments: list[str]) -> int:
    """Write the examples, or with `--check` tell whether they are current."""
    text = json.dumps(examples(), indent=1, ensure_ascii=False) + "\n"
    if arguments == ["--check"]:
        current = TARGET.read_text(encoding="utf-8") == text
        sys.stderr.write("" if current else f"{TARGET.relative_to(ROOT)} is not current: make docs\n")
        return int(not current)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
