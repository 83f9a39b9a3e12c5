"""The rules of this stage, for `floe-compile rules` and docs/rules.md."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule
from floe_compiler.overlay.allowed_fields import DEPRECATED_FIELD, FORBIDDEN_FIELD, MALFORMED, UNKNOWN_FIELD
from floe_compiler.overlay.apply import NOT_CARRIED
from floe_compiler.overlay.build import WARNED
from floe_compiler.overlay.dead_steps import DEAD_ENTRY
from floe_compiler.overlay.encrypted import ENCRYPTED
from floe_compiler.overlay.hand_written import NOT_AN_OBJECT
from floe_compiler.overlay.json_patches import BAD_PATCH, IDENTITY_CHANGED
from floe_compiler.overlay.kustomization_reader import OVERLAY_WITHOUT_BASE
from floe_compiler.overlay.kustomize import DID_NOT_RUN, NOT_INSTALLED
from floe_compiler.overlay.listed_paths import NOT_FOUND, PATH_NOT_ALLOWED, REMOTE
from floe_compiler.overlay.overlay import TWICE
from floe_compiler.overlay.patch_problems import ITEMS_LOST, NO_SUCH_ITEM, NOT_AS_WRITTEN, PATCH_FAILED
from floe_compiler.overlay.patch_target import BAD_TARGET
from floe_compiler.overlay.run_templates import ONLY_TEMPLATE
from floe_compiler.overlay.secret_values import SECRET_VALUE

RULES: tuple[Rule, ...] = (
    NOT_INSTALLED,
    DID_NOT_RUN,
    WARNED,
    MALFORMED,
    UNKNOWN_FIELD,
    DEPRECATED_FIELD,
    FORBIDDEN_FIELD,
    REMOTE,
    PATH_NOT_ALLOWED,
    NOT_FOUND,
    OVERLAY_WITHOUT_BASE,
    NOT_AN_OBJECT,
    TWICE,
    BAD_PATCH,
    BAD_TARGET,
    IDENTITY_CHANGED,
    DEAD_ENTRY,
    PATCH_FAILED,
    NOT_CARRIED,
    ENCRYPTED,
    SECRET_VALUE,
    NO_SUCH_ITEM,
    ITEMS_LOST,
    NOT_AS_WRITTEN,
    ONLY_TEMPLATE,
)
