"""The parts of the README and of docs/commands.md that follow from the parsers of the verbs."""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections import Counter
from collections.abc import Iterator
from functools import cache

from floe_compiler.cli import parser_of
from floe_compiler.commands.verbs import GROUPS, VERBS
from floe_compiler.report.markdown_table import code, inline, markdown_table

PAGE = "docs/commands.md"
SHARED = 4
"""An option of so many verbs is explained once."""

Option = tuple[str, str]
"""How an option or argument is written, and what it is for, in Markdown."""


def groups(_page: str, _about: str) -> str:
    """Return the table of the groups, with links to the verbs."""
    rows = [[title, ", ".join(f"[{code(verb)}]({PAGE}#{verb})" for verb in group)] for title, group in GROUPS.items()]
    return markdown_table(["to", "verbs"], rows)


def reference(_page: str, _about: str) -> str:
    """Return a section for each group, and in it one for each verb: what it does, its options, notes and examples."""
    return "\n".join(_group(title) for title in GROUPS)


def shared(_page: str, _about: str) -> str:
    """Return the table of the options that several verbs have."""
    return markdown_table(["option", "does"], sorted(_shared()))


def _group(title: str) -> str:
    """Return the section of a group."""
    rows = [[f"[{code(verb)}](#{verb})", inline(does)] for verb, does in GROUPS[title].items()]
    sections = "".join(_verb(verb) for verb in GROUPS[title])
    return f"## {title}\n\n{markdown_table(['verb', 'does'], rows)}{sections}"


def _verb(verb: str) -> str:
    """Return the section of a verb."""
    parser = _parsers()[verb]
    options = list(_options(parser))
    own = [option for option in options if option not in _shared()]
    further = [option[0] for option in options if option in _shared()]
    text = f"\n### {verb}\n\n{inline(VERBS[verb][0].upper() + VERBS[verb][1:])}.\n"
    if own:
        text += f"\n{markdown_table(['argument', 'is'], own)}"
    if further:
        text += f"\n{'And ' if own else ''}{', '.join(further)}: see [below](#options-of-several-verbs).\n"
    return f"{text}\n```text\n{(parser.epilog or '').strip()}\n```\n"


def _options(parser: ArgumentParser) -> Iterator[Option]:
    """Yield the arguments of a verb, and those of the steps that it has."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for step, below in action.choices.items():
                words = [option for option, _ in _options(below)]
                yield f"{code(step)} {' '.join(words)}", inline(helps[step])
        elif action.dest != "help" and action.help != SUPPRESS:
            yield code(_argument_text(action)), inline(action.help or "")


def _argument_text(action: Action) -> str:
    """Return how an argument is written."""
    name = "|".join(map(str, action.choices)) if action.choices else str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return name
    return ", ".join(action.option_strings) + ("" if action.nargs == 0 else f" {name}")


@cache
def _parsers() -> dict[str, ArgumentParser]:
    (verbs,) = (action for action in parser_of(VERBS)._actions if isinstance(action, _SubParsersAction))
    return dict(verbs.choices)


@cache
def _shared() -> frozenset[Option]:
    counted = Counter(option for parser in _parsers().values() for option in set(_options(parser)))
    return frozenset(option for option, number in counted.items() if number >= SHARED and option[0].startswith("`-"))
