"""The rules of this stage, for `floe-compile rules` and docs/rules.md."""

from __future__ import annotations

from floe_compiler.load.rules import (
    LEFT_OUT,
    NO_DEFINITION,
    NO_MANIFEST,
    NO_PARENT,
    NOT_A_FALSE_ALARM,
    NOT_ONE_DOCUMENT,
    SCHEMA,
    SECRET_VALUE,
    STRAY_FILE,
    WRONG_DIGEST,
    WRONG_KIND,
)
from floe_compiler.load.text_file import BYTE_ORDER_MARK, CONTROL_CHARACTER, LINK, NOT_UTF8, TOO_LARGE, UNREADABLE
from floe_compiler.load.yaml_reader import (
    AMBIGUOUS_SCALAR,
    DUPLICATE_KEY,
    KEY_NOT_TEXT,
    NO_REFERENCES,
    NO_TAGS,
    NOT_A_CHARACTER,
    TOO_DEEP,
)
from floe_compiler.load.yaml_syntax import CONFLICT, SYNTAX, TAB
from floe_compiler.model.diagnostics import Rule

RULES: tuple[Rule, ...] = (
    UNREADABLE,
    LINK,
    TOO_LARGE,
    NOT_UTF8,
    BYTE_ORDER_MARK,
    CONTROL_CHARACTER,
    SYNTAX,
    TAB,
    CONFLICT,
    DUPLICATE_KEY,
    KEY_NOT_TEXT,
    NO_REFERENCES,
    NO_TAGS,
    AMBIGUOUS_SCALAR,
    TOO_DEEP,
    NOT_A_CHARACTER,
    NO_MANIFEST,
    STRAY_FILE,
    WRONG_KIND,
    NOT_ONE_DOCUMENT,
    SCHEMA,
    SECRET_VALUE,
    LEFT_OUT,
    NOT_A_FALSE_ALARM,
    NO_DEFINITION,
    NO_PARENT,
    WRONG_DIGEST,
)
