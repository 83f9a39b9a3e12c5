"""The rules of loading, besides those of the YAML reader."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule

NO_MANIFEST = Rule("L101", "no platform manifest", "A platform is described by `platform-manifest.yaml` in the root.")
STRAY_FILE = Rule(
    "L102",
    "stray file",
    "A file in `domains/`, `overlays/` or `base/` must be an authored document or be listed in a kustomization.yaml,"
    " and one in `crds/` a YAML file. Any other file would be silently ignored. Documentation (`README.md`, pictures),"
    " hidden files and editors' backups are allowed, but for `.floe_cache`, where the first versions kept results.",
)
WRONG_KIND = Rule("L103", "wrong kind", "The path of a file determines which kind of document it holds.")
NOT_ONE_DOCUMENT = Rule("L104", "not one document", "Each authored file holds exactly one document.")
SCHEMA = Rule(
    "L105",
    "document does not match its schema",
    "A document does not match its JSON Schema: an unknown key, a missing one, a wrong type.",
)
SECRET_VALUE = Rule(
    "L106",
    "secret value",
    "A secret's value stands where a reference to a secret belongs. Remove it, change the secret, refer to it by name."
    " If it is not a secret, a data product says why: `not_secrets: {VARIABLE: <reason>}`.",
)
NOT_A_FALSE_ALARM = Rule(
    "L109",
    "needless not_secrets entry",
    "A data product declares under `not_secrets` that a variable or another key of a step is not a secret, but its "
    "value does not look like one. Remove the entry, or correct its name.",
    severity="warning",
)
LEFT_OUT = Rule(
    "L107",
    "left out because of errors",
    "With --domain or --env, files of other domains and environments may be wrong: they are left out, and the rest is "
    "compiled without them. Without these options, all must be right.",
    severity="warning",
)
NO_PARENT = Rule(
    "L190",
    "parent that cannot be read",
    "A manifest extends another one, of which there must be a copy in `vendor/` beside it: a folder with its "
    "platform-manifest.yaml, and no link. `floe-compile vendor FOLDER` makes the copy. A chain of manifests that "
    "extend one another has an end.",
)
WRONG_DIGEST = Rule(
    "L191",
    "parent that is not the locked one",
    "`extends.digest` locks the parent that was reviewed. The copy in `vendor/` is another one: take back what has "
    "changed there, as nobody edits it, or lock the new version with `floe-compile vendor FOLDER`.",
)
NO_DEFINITION = Rule(
    "L108",
    "file without a definition",
    "A file in `crds/` must have at least one CustomResourceDefinition of `apiextensions.k8s.io/v1`, with group, kind,"
    " scope and versions. Other objects beside it, as in the bundle of an operator, are not read.",
)
