"""Every rule is shown by some test: an example of the mistake, or a test of the module that finds it.

That codes are unique, explained and listed in docs/rules.md is tested with the verb that lists them.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from floe_compiler.commands.rules import all_rules
from floe_compiler.model.diagnostics import Rule

TESTS = Path(__file__).parent


def shown_by_code() -> str:
    """Return all text in which a code may stand: what the examples of mistakes print, and the tests themselves."""
    paths = [*TESTS.glob("errors/*/expected.txt"), *TESTS.rglob("test_*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def used_rules(test: Path) -> Iterator[Rule]:
    """Yield the rules whose constants a test module imports, by themselves or with their module."""
    tree = ast.parse(test.read_text(encoding="utf-8"))
    modules: dict[str, ModuleType] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("floe_compiler"):
            source = importlib.import_module(str(node.module))
            for alias in node.names:
                found = getattr(source, alias.name, None)
                if isinstance(found, Rule):
                    yield found
                elif isinstance(found, ModuleType):
                    modules[alias.asname or alias.name] = found
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found = getattr(modules[node.value.id], node.attr, None)
            if isinstance(found, Rule):
                yield found


def test_every_rule_is_shown_by_a_test() -> None:
    used = {rule for test in TESTS.rglob("test_*.py") for rule in used_rules(test)}
    text = shown_by_code()
    assert len(used) > 3, "otherwise the imports are read wrongly"
    assert [f"{rule.code} {rule.title}" for rule in all_rules() if rule not in used and rule.code not in text] == []
