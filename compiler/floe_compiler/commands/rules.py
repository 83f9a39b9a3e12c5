"""`floe-compile rules`: every error and warning of the compiler, explained."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from importlib.resources import files
from itertools import groupby
from typing import NoReturn

from floe_compiler.commands.exit_codes import DONE, UsageError
from floe_compiler.model.diagnostics import Rule, nearest

INTRODUCTION = (
    "Every error and warning of `floe-compile`. `floe-compile rules CODE` explains one on the command line. A code "
    "never changes its meaning. This page is made by `make docs`; do not edit it."
)
STAGES = {
    "L": "Reading the files",
    "R": "Resolving the declarations",
    "S": "Rendering the objects",
    "K": "Applying base/ and overlays/",
    "H": "Rendering Helm charts",
    "C": "Checking the objects",
    "W": "Writing the output",
    "P": "Publishing the output",
}


EXAMPLES = """\
examples:
  floe-compile rules                   list every error and warning
  floe-compile rules R012              what does this error mean, and what does it look like?
  floe-compile explain-error R012      the same
"""
CODE = re.compile(r"\[([A-Z]\d{3})\]")
SHORT_CODE = re.compile(r"([A-Z]?)([0-9]{1,4})")


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    parser.add_argument("code", nargs="?", help="explain only this one, such as R012, or the one in a message")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default: text")


def run(options: Namespace) -> int:
    """List all rules, or explain one."""
    rules = all_rules()
    if options.code:
        inside = CODE.search(options.code)
        code = inside[1] if inside else options.code
        rules = tuple(rule for rule in rules if rule.code == code.upper()) or _unknown(code, rules)
    if options.format == "json":
        sys.stdout.write(_json(rules))
    elif options.format == "markdown":
        sys.stdout.write(render_markdown(rules))
    else:
        sys.stdout.write("".join(_explain(rule) if options.code else _list(rule) for rule in rules))
    return DONE


def all_rules() -> tuple[Rule, ...]:
    """Return all rules of the stages and verbs, by code; a code that two rules declare appears twice."""
    from floe_compiler.charts.rules import RULES as CHARTS
    from floe_compiler.check.registry import RULES as CHECK
    from floe_compiler.commands.check import STALE
    from floe_compiler.commands.hook import NOT_STAGED
    from floe_compiler.commands.publish import RULES as PUBLISH
    from floe_compiler.link.registry import RULES as LINK
    from floe_compiler.load.registry import RULES as LOAD
    from floe_compiler.model.files import CASE_CLASH, NO_TEXT, ONE_PATH
    from floe_compiler.overlay.registry import RULES as OVERLAY
    from floe_compiler.pipeline.workers import NO_EXECUTOR
    from floe_compiler.promotion.selection import RULES as PROMOTION
    from floe_compiler.publish.helm_charts import NOT_FOR_HELM
    from floe_compiler.report.manifests import NO_OBJECT
    from floe_compiler.resolve.registry import RULES as RESOLVE
    from floe_compiler.synthesize.registry import RULES as SYNTHESIZE
    from floe_compiler.write.registry import RULES as WRITE

    outside_stages = (CASE_CLASH, ONE_PATH, NO_TEXT, NO_EXECUTOR, NO_OBJECT, NOT_STAGED, STALE)
    # Two stages may share a rule.
    verbs = (*PUBLISH, NOT_FOR_HELM, *PROMOTION)
    rules = {*LOAD, *RESOLVE, *SYNTHESIZE, *OVERLAY, *CHARTS, *CHECK, *LINK, *WRITE, *verbs, *outside_stages}
    return tuple(sorted(rules, key=lambda rule: (list(STAGES).index(rule.code[0]), rule.code, rule.title)))


def examples() -> Mapping[str, str]:
    """Return how a report of a rule may look, by code. Rules that only a few programs or files can break have none."""
    import json

    by_code: Mapping[str, str] = json.loads(files(__package__).joinpath("rule_examples.json").read_text("utf-8"))
    return by_code


def render_markdown(rules: tuple[Rule, ...]) -> str:
    """Return the reference page docs/rules.md."""
    lines = ["# Rules", "", INTRODUCTION]
    for letter, group in groupby(rules, lambda rule: rule.code[0]):
        lines += ["", f"## {letter}: {STAGES[letter]}"]
        for rule in group:
            warning = " (warning)" if rule.severity == "warning" else ""
            lines += ["", f"### {rule.code}: {rule.title}{warning}", "", rule.explanation]
            if example := examples().get(rule.code):
                lines += ["", "```text", example, "```"]
    return "\n".join(lines) + "\n"


def _unknown(code: str, rules: tuple[Rule, ...]) -> NoReturn:
    known = sorted({rule.code for rule in rules})
    # A number without its zeros, or without its letter, is meant more often than one with another digit.
    short = SHORT_CODE.fullmatch(code.upper())
    meant = [
        rule_code
        for rule_code in known
        if short and rule_code.startswith(short[1]) and int(rule_code[1:]) == int(short[2])
    ]
    padded = f"{short[1]}{int(short[2]):03}" if short else code.upper()
    named = " or ".join(f'"{rule_code}"' for rule_code in meant)
    hint = f"did you mean {named}?" if meant else nearest(padded, known)
    raise UsageError(f"there is no rule {code}; {hint or 'floe-compile rules lists them all'}")


def _list(rule: Rule) -> str:
    return f"{rule.code}  {rule.severity:<7}  {rule.title}\n"


def _explain(rule: Rule) -> str:
    import textwrap

    text = f"{rule.code}: {rule.title} ({rule.severity})\n\n{textwrap.fill(rule.explanation, 80)}\n"
    example = examples().get(rule.code)
    return f"{text}\nFor example:\n\n{example}\n" if example else text


def _json(rules: tuple[Rule, ...]) -> str:
    from msgspec import to_builtins

    from floe_compiler.report.json_text import json_text

    return json_text(to_builtins(rules))
