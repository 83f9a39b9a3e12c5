"""`floe-compile secrets`: which secrets the environments read, and where each is created. Values are never shown."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from floe_compiler.commands.exit_codes import DONE
from floe_compiler.commands.options import (
    add_cache,
    add_common,
    add_environments,
    chosen_environments,
    find_root,
    open_cache,
)

NOTES = """\
For each Secret that a namespace reads: where it comes from, its keys, and the pods that read it. In JSON, `source` is

  store      somebody creates it in the secret store, at `path`; each key there is called `property`
  csi        the same, in the store of the Secrets Store CSI driver
  existing   somebody creates the Secret itself, in `namespace`
  sops, sealed-secrets
             somebody encrypts an object of `kind`, in `folder`
  generated  the External Secrets Operator makes it, in `namespace`
  shared     it is read from `owner`, the namespace in which it is generated

and the `value` of a key is needed (from people), generated, or written (by the compiler, as it is not secret). Where
people write a user name that readers expect, `must_be` says it; it is not secret. Secrets that only hand-written
objects name are not listed.

examples:
  floe-compile secrets --env prod                 what must be in the store before production starts?
  floe-compile secrets --env prod --format json   the same, for a script
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = NOTES
    add_common(parser, ("text", "json"))
    add_environments(parser)
    add_cache(parser)


def run(options: Namespace) -> int:
    """List the secrets."""
    from floe_compiler.load.input_tree import read_inputs
    from floe_compiler.pipeline.planned_units import list_secrets
    from floe_compiler.report.secret_list import render_json, render_text
    from floe_compiler.report.terminal import paint_for

    root = find_root(options.root)
    environments = chosen_environments(root, options.env)
    with open_cache(options, root) as cache:
        secrets = list_secrets(read_inputs(root), environments, cache)
    if options.format == "json":
        sys.stdout.write(render_json(secrets))
    else:
        sys.stdout.write(render_text(secrets, paint_for(sys.stdout)))
    return DONE
