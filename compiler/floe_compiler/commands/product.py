"""`floe-compile product`: begin a data product, and register it: the words of teams that know no other verb."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from floe_compiler.commands import new
from floe_compiler.commands.exit_codes import UsageError
from floe_compiler.commands.options import add_repository

EXAMPLES = """\
examples:
  floe-compile product init revenue --domain finance   the same as: floe-compile new product finance/revenue
  floe-compile product register                        the same as: floe-compile

A product is registered once its document and what it compiles to are committed: the catalog, the object store and the
orchestrator learn of it when Argo CD or Flux applies that.
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True, title="steps")
    init = steps.add_parser("init", help="write the document of a product", allow_abbrev=False)
    init.add_argument("name", metavar="NAME", help="its name")
    init.add_argument("--domain", required=True, metavar="NAME", help="its domain; one that is missing is added, too")
    init.add_argument("--owner", help="its owner: a mail address or a handle (default: that of the platform)")
    register = steps.add_parser("register", help="compile, and say what to commit", allow_abbrev=False)
    for step in (init, register):
        add_repository(step)
    parser.set_defaults(format="text")


def run(options: Namespace) -> int:
    """Begin a product, or register it."""
    if options.step == "register":
        return _register(options)
    domain, _, version = options.domain.partition(":")
    if version:
        raise UsageError(f"--domain {options.domain}: write {domain}; its version is the one in this repository")
    parser = ArgumentParser()
    new.configure(parser)
    new_options = parser.parse_args(["product", f"{domain}/{options.name}"])  # with all that `new` has a default for
    return new.run(Namespace(**{**vars(new_options), "owner": options.owner, "root": options.root}))


def _register(options: Namespace) -> int:
    from floe_compiler.commands import compile as compile_

    parser = ArgumentParser()
    compile_.configure(parser)
    code = compile_.run(parser.parse_args(["--root", str(options.root)] if options.root else []))
    sys.stderr.write("floe-compile: commit domains/ and output/ together; it is registered once that is applied\n")
    return code
