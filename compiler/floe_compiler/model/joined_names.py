"""Names made of several names of the inputs. Different names never give the same joined name.

This rests on a rule of the inputs: a name has no hyphen at an end and no two hyphens in a row (`fields.check_name`).
Every name that joins names of the inputs is made here. A fixed word before a name (`code-<product>`) joins nothing;
synthesis finds it if it is taken (S002).
"""

from __future__ import annotations

import re

from floe_compiler.model.yaml_text import sha256_of

SEPARATOR = "-"
TWICE = 2 * SEPARATOR
"""Not allowed in the names of inputs."""

_SQL_SEPARATOR = "__"
_IN_ANY_CASE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NOT_OF_ENTRIES = re.compile(r"[^0-9A-Za-z]+")
_HASH_LENGTH = 8
LONGEST_ENTRY = 127
"""Of a secret in Azure Key Vault; Google Secret Manager takes 255."""


def joined(*names: str) -> str:
    """Return the names joined by hyphens, with the hyphens inside all names but the last doubled.

    `prod` and `eu-sales` give `prod-eu-sales`; `prod-eu` and `sales` give `prod--eu-sales`. So the single hyphens show
    where a name ends. This holds among names that are joined of equally many.
    """
    *first, last = names
    return SEPARATOR.join((*(name.replace(SEPARATOR, TWICE) for name in first), last))


def identifier(name: str) -> str:
    """Return a name as part of an Iceberg identifier or a variable's name, without hyphens, which SQL has to quote."""
    return name.replace("-", "_")


def joined_identifiers(*names: str) -> str:
    """Return the names as one identifier, with two underscores, as in dbt's names, where a name ends.

    `a-b` and `c` give `a_b__c`; `a` and `b-c` give `a__b_c`.
    """
    return _SQL_SEPARATOR.join(map(identifier, names))


def joined_path(path: str) -> str:
    """Return a path as a name of letters, digits and hyphens that is unique in any case, for a store of secrets.

    `acme/prod/crm` gives `acme--prod--crm`. A part with other characters, such as `a_b`, or a name that is too long,
    gets a hash of the path after three hyphens: `a-b` and `a_b` stay apart.
    """
    parts = path.split("/")
    name = TWICE.join(parts)
    if len(name) <= LONGEST_ENTRY and all(map(_IN_ANY_CASE.fullmatch, parts)):
        return name
    words = TWICE.join(_NOT_OF_ENTRIES.sub(SEPARATOR, part).strip(SEPARATOR) for part in parts)
    ending = f"{TWICE}{SEPARATOR}{sha256_of(path)[:_HASH_LENGTH]}"
    return f"{words[: LONGEST_ENTRY - len(ending)].strip(SEPARATOR)}{ending}"
