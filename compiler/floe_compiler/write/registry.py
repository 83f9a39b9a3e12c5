"""The rules of this stage, for `floe-compile rules` and docs/rules.md."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule
from floe_compiler.write.commit import CANNOT_WRITE
from floe_compiler.write.foreign import APPLIED, STRAY
from floe_compiler.write.guard import NEEDS_PERMISSION
from floe_compiler.write.index import BROKEN_INDEX
from floe_compiler.write.lock import LOCKED
from floe_compiler.write.plan import CONFLICT, EDITED, IN_THE_WAY, LINE_ENDS
from floe_compiler.write.receipt import NO_RECEIPT
from floe_compiler.write.snapshot import NOT_A_FILE
from floe_compiler.write.steering import STEERS_DELIVERY
from floe_compiler.write.updates import REFUSED_BY_CLUSTER
from floe_compiler.write.verified import OTHER_INPUTS, OTHER_OUTPUT

RULES: tuple[Rule, ...] = (
    EDITED,
    IN_THE_WAY,
    STRAY,
    NEEDS_PERMISSION,
    BROKEN_INDEX,
    LOCKED,
    NOT_A_FILE,
    CANNOT_WRITE,
    APPLIED,
    CONFLICT,
    LINE_ENDS,
    REFUSED_BY_CLUSTER,
    STEERS_DELIVERY,
    NO_RECEIPT,
    OTHER_OUTPUT,
    OTHER_INPUTS,
)
