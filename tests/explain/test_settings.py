"""Which settings choose what the compiler does, and which only look like it."""

from __future__ import annotations

from explain.test_question import CRON_JOB, question_of
from floe_compiler.explain.settings import Setting, without_choice
from floe_compiler.model.document import DataPath
from floe_compiler.model.explanation import Cause


def chooses(file: str, path: DataPath, value: str) -> bool:
    setting = Setting(file, path, value, Cause("x"))
    return not without_choice(question_of(CRON_JOB), setting).is_passed_on


def test_free_text_is_not_a_choice() -> None:
    assert not chooses("m.yaml", ("metadata", "owner"), "dagster"), "an owner may be called so"
    assert chooses("m.yaml", ("delivery", "type"), "argocd")


def test_an_override_of_an_environment_may_be_a_choice() -> None:
    """The schema of its document does not know the words of all components."""
    assert chooses("e.yaml", ("platform", "compute", "type"), "duckdb")
