"""`.sops.yaml` decides who can decrypt a file; real ones come in many forms."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from encrypted_files import encrypted_secret
from floe_compiler.pipeline import compile_mesh

RECIPIENT = "age1plp4slq58vvy5g9sj7cs8w5lzgwacwrcmyzaaujqqknp4hccs54q67pcqp"
OTHER = "age1pnmp2nq5qx9z4lpmachyn2ld07xjumn98hpeq77e4glddu96zvms9nn7c8"
GOLDEN = Path(__file__).parents[1] / "golden" / "secrets"
FILE = "domains/sales/secrets/prod/crm.yaml"


def warnings_of(root: Path, rules: str) -> list[tuple[str, str]]:
    """Return the files and messages of the warnings in prod."""
    shutil.copytree(GOLDEN, root, dirs_exist_ok=True)
    (root / FILE).write_text(encrypted_secret(namespace="floe-sales-domain"))
    (root / ".sops.yaml").write_text(rules)
    warnings = compile_mesh(root, ("prod",)).warnings
    assert {warning.rule.code for warning in warnings} <= {"R064"}
    return [(warning.span.file if warning.span else "", warning.message) for warning in warnings]


@pytest.mark.parametrize(
    "rules",
    [
        f"creation_rules: [{{age: {RECIPIENT}}}]\n",
        f"creation_rules: [{{path_regex: secrets/prod/, age: '{RECIPIENT} '}}, {{age: {OTHER}}}]\n",
        f"creation_rules: [{{path_regex: ^overlays/, age: {OTHER}}}, {{age: [{RECIPIENT}]}}]\n",
        "creation_rules: [{kms: 'arn:aws:kms:eu-central-1:1:key/a'}]\n",
        f"creation_rules: [{{key_groups: [{{age: [{OTHER}]}}]}}]\n",
        f"creation_rules: [{{path_regex: '(?[', age: {RECIPIENT}}}]\n",
        "stores: {yaml: {indent: 2}}\ncreation_rules: [{}]\n",
    ],
)
def test_files_encrypted_by_its_rules_are_accepted(tmp_path: Path, rules: str) -> None:
    assert warnings_of(tmp_path, rules) == []


def test_a_file_for_another_key_is_reported(tmp_path: Path) -> None:
    message = "it is encrypted for age1plp4slq5..., but its rule in .sops.yaml says age1plp4slq5..., age1pnmp2nq5..."
    assert warnings_of(tmp_path, f"creation_rules: [{{age: '{RECIPIENT},{OTHER}'}}]\n") == [(FILE, message)]


@pytest.mark.parametrize("rules", ["creation_rules: [{path_regex: secrets/dev/}]\n", "creation_rules: []\n", "{}\n"])
def test_a_file_without_a_rule_is_reported(tmp_path: Path, rules: str) -> None:
    message = "no rule of .sops.yaml is for this file, so sops does not know who may decrypt it"
    assert warnings_of(tmp_path, rules) == [(FILE, message)]
