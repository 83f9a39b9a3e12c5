"""Rules that both `check` (within a unit) and `link` (between units) apply."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Rule

SELECTS_NOTHING = Rule(
    "C020",
    "selector that selects nothing",
    "No pod of the environment (or for a ServiceMonitor, no Service) has the selector's labels, so the object does "
    "nothing. Correct the labels.",
)
EXIT = Rule(
    "C066",
    "undeclared egress",
    "A network policy lets pods send to addresses that no declared server has, or to namespaces that the environment "
    "does not render. Narrow it, declare the server, or, if the namespace is created outside the output, set the "
    'annotation "floe.dev/external-references: Namespace/<name>".',
)
