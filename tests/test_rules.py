"""Every rule is shown by some test: an example of the mistake, or an assertion on what finds it.

That codes are unique, explained and listed in docs/rules.md is tested with the verb that lists them.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from floe_compiler.commands.rules import all_rules
from floe_compiler.model.diagnostics import Rule
from python_source import statements

TESTS = Path(__file__).parent
CODE = re.compile(r"\b[A-Z]\d{3}\b")
PRINTED = re.compile(r"(?:error|warning)\[([A-Z]\d{3})\]")


def asserted(source: str) -> set[str]:
    """Return the codes of the rules that a test module expects: in an assertion, or a parameter of a test.

    A rule may stand there by its code or as the constant that the module imports, by itself or with its module. What
    is only written in a comment, a name or a docstring expects nothing.
    """
    tree = ast.parse(source)
    imported = dict(_imported(tree))
    codes: set[str] = set()
    for node in statements(tree):
        expectations = [node] if isinstance(node, ast.Assert) else getattr(node, "decorator_list", ())
        for part in (part for expectation in expectations for part in ast.walk(expectation)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                codes.update(CODE.findall(part.value))
            elif isinstance(rule := _named(part, imported), Rule):
                codes.add(rule.code)
    return codes


def _imported(tree: ast.Module) -> Iterator[tuple[str, object]]:
    for node in statements(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("floe_compiler"):
            source = importlib.import_module(str(node.module))
            yield from ((alias.asname or alias.name, getattr(source, alias.name, None)) for alias in node.names)


def _named(node: ast.AST, imported: Mapping[str, object]) -> object:
    if isinstance(node, ast.Name):
        return imported.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return getattr(imported.get(node.value.id), node.attr, None)
    return None


def test_every_rule_is_shown_by_a_test() -> None:
    missing = {rule.code: rule.title for rule in all_rules()}
    for example in TESTS.glob("errors/*/expected.txt"):
        for code in PRINTED.findall(example.read_text(encoding="utf-8")):
            missing.pop(code, None)
    words = {code: name for code, name, _ in _constants()}
    homes = {f"test_{module.rpartition('.')[2]}.py" for _, _, module in _constants()}
    # The tests of the modules that have rules first: they show most, and fewer others are left to look at.
    for test in sorted(TESTS.rglob("test_*.py"), key=lambda path: (path.name not in homes, path)):
        source = test.read_text(encoding="utf-8")
        # Only what names one of them is worth a closer look.
        if test != Path(__file__) and any(word in source for code in missing for word in (code, words[code])):
            for code in asserted(source):
                missing.pop(code, None)
    assert missing == {}


def _constants() -> Iterator[tuple[str, str, str]]:
    """Yield the code of each rule with the name of its constant, and of a module that has it."""
    for name, module in [*sys.modules.items()]:
        if name.startswith("floe_compiler."):
            yield from ((value.code, key, name) for key, value in vars(module).items() if isinstance(value, Rule))


IMPORT = "from floe_compiler.load.rules import SCHEMA\nfrom floe_compiler.load import rules as known\n"


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ("assert found == [('C998', 'x')]", {"C998"}),
        ("assert told == 'error[C998]: x'", {"C998"}),
        ("@pytest.mark.parametrize('code', ['C998'])\ndef test_x(code): ...", {"C998"}),
        (IMPORT + "assert found.rule is SCHEMA", {"L105"}),
        (IMPORT + "assert found.rule is known.SCHEMA", {"L105"}),
        (IMPORT, set()),
        ("# C998 is tested elsewhere", set()),
        ("def test_x():\n    'C998 is tested elsewhere.'\n    found = 'C998'", set()),
    ],
)
def test_only_expectations_count(source: str, codes: set[str]) -> None:
    assert asserted(source) == codes
