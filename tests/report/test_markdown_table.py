"""Tables in Markdown."""

from __future__ import annotations

from floe_compiler.report.markdown_table import code, markdown_table


def test_a_table_has_a_header_and_rows() -> None:
    assert markdown_table(["a", "b"], [["1", ""], ["2", code("x")]]) == "| a | b |\n|---|---|\n| 1 | |\n| 2 | `x` |\n"


def test_a_pipe_does_not_end_its_cell() -> None:
    assert markdown_table(["a"], [["x | y"]]).splitlines()[2] == r"| x \| y |"
