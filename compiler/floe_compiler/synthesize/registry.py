"""The rules of this stage, for `floe-compile rules` and docs/rules.md."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule
from floe_compiler.node.cdk8s_process import CDK8S_FAILED
from floe_compiler.node.program import NODE_NOT_FOUND
from floe_compiler.synthesize import NO_SOURCE, SECRET_CLASH
from floe_compiler.synthesize.clashes import NOT_FOR_STEPS, TWICE
from floe_compiler.synthesize.construct_tree import CHART_REFUSED, NOT_PLAIN
from floe_compiler.synthesize.plain_yaml import NOT_READABLE
from floe_compiler.synthesize.python_constructs import CONSTRUCT_FAILED

RULES: tuple[Rule, ...] = (
    NO_SOURCE,
    TWICE,
    SECRET_CLASH,
    NOT_FOR_STEPS,
    NODE_NOT_FOUND,
    CDK8S_FAILED,
    CHART_REFUSED,
    NOT_PLAIN,
    CONSTRUCT_FAILED,
    NOT_READABLE,
)
