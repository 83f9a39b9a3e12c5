"""What loading refuses, beyond what the reading of YAML does."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule

NO_MANIFEST = Rule("L101", "no platform manifest", "A platform is described by `platform-manifest.yaml` in the root.")
STRAY_FILE = Rule(
    "L102",
    "stray file",
    "What lies in `domains/`, `overlays/` or `base/` is an authored document, or a kustomization.yaml lists it, or it"
    " is read by nothing, and all that it says would be lost in silence. Documentation (`README.md`, pictures), hidden"
    " files and what editors leave may lie there.",
)
WRONG_KIND = Rule("L103", "wrong kind", "The place of a file says what kind of document it must hold.")
NOT_ONE_DOCUMENT = Rule("L104", "not one document", "Each authored file holds exactly one document.")
SCHEMA = Rule(
    "L105",
    "not in the language",
    "A document does not fit its JSON Schema: an unknown key, a missing one, a wrong type.",
)
SECRET_VALUE = Rule(
    "L106",
    "secret value",
    "A secret's value stands where a reference to a secret belongs. Remove it, change the secret, refer to it by name.",
)
