"""The rules of this stage, for `floe-compile rules` and docs/rules.md."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule
from floe_compiler.resolve.rules import (
    CLUSTER_OF_TWO_ADDRESSES,
    CONFLICT,
    CYCLE,
    DUPLICATE_NAME,
    EMPTY_MESH,
    LOCKED,
    MISSING_KEY,
    MISSING_SLOT,
    MUTABLE_IMAGE,
    NAMESPACE_CLASH,
    NEEDLESS_ACCEPTANCE,
    NO_PROVIDER,
    NO_SECRET_STORE,
    REFUSED,
    SHARED_DATABASE,
    UNKNOWN_KEY,
    UNKNOWN_LOCK,
    UNKNOWN_PATH,
    UNKNOWN_REFERENCE,
    WRONG_NAME,
    WRONG_VALUE,
)

RULES: tuple[Rule, ...] = (
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_VALUE,
    LOCKED,
    UNKNOWN_LOCK,
    UNKNOWN_REFERENCE,
    CYCLE,
    NAMESPACE_CLASH,
    MUTABLE_IMAGE,
    WRONG_NAME,
    NO_PROVIDER,
    CONFLICT,
    NO_SECRET_STORE,
    DUPLICATE_NAME,
    MISSING_SLOT,
    EMPTY_MESH,
    SHARED_DATABASE,
    CLUSTER_OF_TWO_ADDRESSES,
    REFUSED,
    UNKNOWN_PATH,
    NEEDLESS_ACCEPTANCE,
)
