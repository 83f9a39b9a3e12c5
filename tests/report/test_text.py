"""Text output: location, code, message, line and hint, but never a secret or a control code."""

import io
from pathlib import Path

import pytest

from floe_compiler.model.diagnostics import Diagnostic
from floe_compiler.model.span import Span
from floe_compiler.report.excerpt import excerpt
from floe_compiler.report.outcome import Outcome, count_problems
from floe_compiler.report.terminal import colourful, paint_for, plain, visible
from floe_compiler.report.text import render_paths, render_problems
from report.samples import OUTCOME, UNKNOWN


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "domains/sales").mkdir(parents=True)
    (tmp_path / "domains/sales/domain.yaml").write_text("catalog:\n  type: polari\n\tpassword: hunter2\n\tx: y\n")
    return tmp_path


def test_a_diagnostic_shows_place_line_hint_and_related_places(root: Path) -> None:
    assert render_problems(OUTCOME, root, plain) == (
        "prod: Deployment floe-platform/polaris: warning[C100]: has no probe\n"
        "\n"
        'domains/sales/domain.yaml:2:9: error[R012]: catalog type "polari" is not known\n'
        "    2 |   type: polari\n"
        "      |         ^\n"
        '  hint: did you mean "polaris"?\n'
        "  see also platform-manifest.yaml:3:9: the platform's catalog\n"
        "\n"
    )


def test_a_diagnostic_with_both_place_and_subject_shows_both(root: Path) -> None:
    diagnostic = Diagnostic(UNKNOWN, "is unknown", Span("gone.yaml", 7, 1), subject="prod: Service a/b")
    assert render_problems(Outcome((diagnostic,)), root, plain) == (
        "gone.yaml:7:1: error[R012]: is unknown\n  concerns prod: Service a/b\n\n"
    )


def test_no_diagnostics_give_empty_text(root: Path) -> None:
    assert render_problems(Outcome(), root, plain) == ""


def test_the_caret_is_under_the_column_behind_tabs(root: Path) -> None:
    lines = excerpt(root, Span("domains/sales/domain.yaml", 4, 5), plain)
    assert lines == ("    4 | \tx: y", "      | \t   ^")


def test_an_excerpt_hides_secrets(root: Path) -> None:
    assert excerpt(root, Span("domains/sales/domain.yaml", 3, 12), plain) == ("    3 | \tpassword: ***",)


@pytest.mark.parametrize(
    ("line", "is_shown"),
    [("  credentials:", True), ("- credentials: ", True), ("  credentials: hunter2", False), ("  hunter2:", False)],
)
def test_a_line_that_may_have_a_secret_is_shown_if_it_has_only_a_known_key(
    root: Path, line: str, is_shown: bool
) -> None:
    (root / "one.yaml").write_text(f"{line}\n")
    diagnostic = Diagnostic(UNKNOWN, "catalog.credentials.key is missing", Span("one.yaml", 1, 3), secret=True)
    text = render_problems(Outcome((diagnostic,)), root, plain)
    assert (f"    1 | {line}" in text) == is_shown
    assert "hunter2" not in text


def test_a_line_with_a_secret_is_shown_by_no_other_finding(root: Path) -> None:
    (root / "one.yaml").write_text("  hunter2: polari\n")
    place = Span("one.yaml", 1, 3)
    secret, other = Diagnostic(UNKNOWN, "it looks like a password", place, secret=True), Diagnostic(UNKNOWN, "x", place)
    for both in ((secret, other), (other, secret)):
        assert "hunter2" not in render_problems(Outcome(both), root, plain)
    assert "hunter2" in render_problems(Outcome((other,)), root, plain)


@pytest.mark.parametrize(
    "span",
    [
        Span("domains/sales/domain.yaml", 99, 1),
        Span("domains/sales/domain.yaml", 0, 0),
        Span("domains/sales", 1, 1),
        Span("../outside.yaml", 1, 1),
        Span("link.yaml", 1, 1),
        Span("binary.yaml", 1, 1),
        Span("long.yaml", 1, 1),
    ],
)
def test_lines_that_cannot_be_shown_safely_are_left_out(root: Path, span: Span) -> None:
    (root.parent / "outside.yaml").write_text("outside\n")
    (root / "link.yaml").symlink_to(root.parent / "outside.yaml")
    (root / "binary.yaml").write_bytes(b"\xff\xfe\n")
    (root / "long.yaml").write_text("x" * 1000)
    assert excerpt(root, span, plain) == ()


def test_control_characters_are_escaped() -> None:
    assert visible("a\x1b[31mb\u202ec\rd\udce9") == r"a\x1b[31mb\u202ec\rd\udce9"
    assert visible("grün\n\ttab") == "grün\n\ttab"


def test_messages_cannot_control_the_terminal(root: Path) -> None:
    diagnostic = Diagnostic(UNKNOWN, "a\x1bb", Span("f\x1b", 1, 1), hint="\x1b", subject="\x1b")
    assert "\x1b" not in render_problems(Outcome((diagnostic,)), root, plain)


def test_colour_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert paint_for(Terminal()) is colourful
    assert paint_for(io.StringIO()) is plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint_for(Terminal()) is plain
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert paint_for(Terminal()) is plain
    assert colourful("x", "red") == "\x1b[31mx\x1b[0m"


def test_paths_are_listed_deletions_first() -> None:
    assert render_paths(OUTCOME) == "deleted  output/dev/a\ncreated  output/dev/b\n"


def test_problems_are_counted_in_words() -> None:
    assert count_problems(OUTCOME) == "1 error, 1 warning"
    assert count_problems(Outcome(OUTCOME.diagnostics[1:] * 2)) == "2 warnings"
    assert count_problems(Outcome()) == ""
