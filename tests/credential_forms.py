"""Writes the forms of credentials that gitleaks publishes into the package. Run by `make credentials`.

Taken are the forms that stand for themselves, such as `glpat-...`. Others need a word of a program's text before them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "compiler" / "floe_compiler" / "model" / "credential_forms"

# Forms of assignments, which are found by the names of keys; forms that the compiler has itself; and public keys.
LEFT_OUT = re.compile(
    r"generic-api-key|curl-.*|kubernetes-secret-yaml|hashicorp-tf-password|nuget-config-password|private-key|jwt.*"
    r"|sidekiq-.*|pkcs12-file|flutterwave-public-key|sourcegraph-access-token|.*-client-id|freemius-secret-key"
)
ASSIGNMENT = re.compile(r"(?:\(\?i\))?\[\\w\.-\]\{0,50\}\?")
BOUNDARY = r"""(?:[\x60'"\s;]|\\[nr]|$)"""


def python_form(form: str) -> str:
    """Return a pattern of Go as one of Python."""
    form = form.replace(BOUNDARY, r"(?!\w)").replace("[[:alnum:]]", "[a-zA-Z0-9]").replace(r"\z", r"\Z")
    if form.startswith("(?i)"):
        return f"(?i){form.replace('(?i)', '')}"
    head, flag, tail = form.partition("(?i)")
    if not flag:
        return form
    # From a flag in the middle on, the case does not matter until its group ends.
    depth = 0
    for position, character in enumerate(tail):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return f"{head}(?i:{tail[:position]}){tail[position:]}"
    return f"{head}(?i:{tail})"


def forms(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the forms, with the words of which each has one, and the least entropy."""
    rules_ = []
    for rule in rules:
        if LEFT_OUT.fullmatch(rule["id"]) or "regex" not in rule or ASSIGNMENT.match(rule["regex"]):
            continue
        form = python_form(rule["regex"])
        re.compile(form)
        rules_.append(
            {"name": rule["id"], "words": rule["keywords"], "form": form, "entropy": float(rule.get("entropy", 0))}
        )
    return sorted(rules_, key=lambda form: str(form["name"]))


if __name__ == "__main__":
    clone = Path(sys.argv[1])

    def text(file: str) -> str:
        """Return a file of the newest commit."""
        command = ["git", "-C", str(clone), "show", f"HEAD:{file}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    rules = tomllib.loads(text("config/gitleaks.toml"))["rules"]
    lines = ",\n".join(json.dumps(form) for form in forms(rules))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "forms.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    (FOLDER / "LICENSE.md").write_text(text("LICENSE"), encoding="utf-8")
