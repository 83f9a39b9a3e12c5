"""`floe-compile completion`: a script by which a shell completes verbs, options and the names in the mesh."""

from __future__ import annotations

import re
import sys
from argparse import Action, ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from floe_compiler.commands.exit_codes import DONE
from floe_compiler.commands.options import find_root
from floe_compiler.model.layout import KINDS
from floe_compiler.report.terminal import visible

ZSH_FUNCTION = "_floe_compile_names"
ZSH_NAMES = f"""
{ZSH_FUNCTION}() {{
  compadd -- ${{(f)"$(floe-compile completion --names $1 2>/dev/null)"}}
}}
"""

CHOICES = re.compile(r"[a-z0-9-]+(\|[a-z0-9-]+)+")
"""What `--help` calls an option that is one of some words."""

SHELLS = ("bash", "zsh", "fish")
EXAMPLES = """\
examples:
  eval "$(floe-compile completion bash)"                 in ~/.bashrc
  floe-compile completion zsh > ~/.zfunc/_floe-compile   in a folder of $fpath
  floe-compile completion fish > ~/.config/fish/completions/floe-compile.fish
"""


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = EXAMPLES
    printed = parser.add_mutually_exclusive_group(required=True)
    printed.add_argument("shell", nargs="?", choices=SHELLS, help="the shell")
    printed.add_argument("--names", choices=NAMES, help="print the names of that kind, as the scripts do")


def run(options: Namespace) -> int:
    """Print the script, or names."""
    if options.names:
        names = NAMES[options.names](find_root(None))
        sys.stdout.write("".join(f"{name}\n" for name in names if name == visible(name)))  # others are errors
        return DONE
    import shtab

    parser = options.parser_of_all()
    for action in _actions(parser):
        if action.choices:
            continue
        if kind := _kind(action):
            names = shtab.cmd(f"floe-compile completion --names {kind} 2>/dev/null")
            action.complete = {**names, "zsh": f" {ZSH_FUNCTION} {kind}"}  # type: ignore[attr-defined]
        elif choices := CHOICES.fullmatch(str(action.metavar)):  # of `init`, which says itself what is wrong
            action.choices = choices[0].split("|")
        elif action.metavar == "FOLDER":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif str(action.metavar).startswith("FILE") or action.dest in ("receipt", "source"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    # For zsh, shtab asks for all names when the shell loads the script, and never again.
    sys.stdout.write(shtab.complete(parser, options.shell, preamble=ZSH_NAMES if options.shell == "zsh" else ""))
    return DONE


def _environments(root: Path) -> Iterable[str]:
    return sorted(path.parent.name for path in root.glob("overlays/*/environment.yaml"))


def _domains(root: Path) -> Iterable[str]:
    return sorted(path.parent.name for path in root.glob("domains/*/domain.yaml"))


def _products(root: Path) -> Iterable[str]:
    files = root.glob("domains/*/products/*.yaml")
    return sorted(f"{path.parents[1].name}/{path.stem}" for path in files)


def _codes(_root: Path) -> Iterable[str]:
    from floe_compiler.commands.rules import all_rules

    return [rule.code for rule in all_rules()]


def _parts(_root: Path) -> Iterable[str]:
    from floe_compiler.commands.components import choices, names_of

    return sorted({name for choice in choices() for name in names_of(choice)})


def _kinds(_root: Path) -> Iterable[str]:
    return KINDS


NAMES: Mapping[str, Callable[[Path], Iterable[str]]] = {
    "environments": _environments,
    "domains": _domains,
    "products": _products,
    "codes": _codes,
    "parts": _parts,
    "kinds": _kinds,
}
"""The names that are completed, by their kind."""

_ARGUMENTS = {
    "env": "environments",
    "ENV": "environments",
    "OTHER": "environments",
    "FROM": "environments",
    "TO": "environments",
    "domain": "domains",
    "products": "products",
    "code": "codes",
    "SLOT|TYPE": "parts",
    "KIND": "kinds",
}
"""The kinds of names, by the arguments of verbs that take them: the names of options, or what `--help` calls them."""


def _kind(action: Action) -> str:
    return _ARGUMENTS.get(action.dest) or _ARGUMENTS.get(str(action.metavar), "")


def _actions(parser: ArgumentParser) -> Iterator[Action]:
    """Yield the arguments of a parser, and of those of its verbs."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, _SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)
        else:
            yield action
