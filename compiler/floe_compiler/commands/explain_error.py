"""`floe-compile explain-error`: what one error or warning means. `floe-compile rules` lists them all."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from floe_compiler.commands import rules

EXAMPLES = """\
examples:
  floe-compile explain-error R012
  floe-compile explain-error 'domains/sales/domain.yaml:3:7: error[R012]: ...'
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    parser.add_argument("code", help="its code, such as R012, or a message with it")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default: text")


def run(options: Namespace) -> int:
    """Explain it."""
    return rules.run(options)
