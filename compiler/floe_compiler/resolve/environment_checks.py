"""Checks of one environment's document against the platform's settings and the domains."""

from __future__ import annotations

from floe_compiler.model.diagnostics import Findings, Related, did_you_mean
from floe_compiler.model.document import Document
from floe_compiler.model.inputs import Environment, GeneratedSecrets, PlatformManifest
from floe_compiler.model.sources import Sources
from floe_compiler.resolve.layers import Merged
from floe_compiler.resolve.rules import NO_SECRET_STORE, UNKNOWN_REFERENCE


def check_secrets(
    environment: Environment, document: Document, manifest: PlatformManifest, merged: Merged, findings: Findings
) -> None:
    """Report production without a secret store: at its own setting, or else where it is declared as production."""
    if environment.production and isinstance(manifest.secrets, GeneratedSecrets):
        message = f'environment "{environment.metadata.name}" is production, but its secrets are generated'
        chosen, declared = merged.span(("secrets", "type")), document.span(("production",))
        own = chosen is not None and chosen.file == document.file
        span, related = (chosen, ()) if own else (declared, (Related(chosen, "chosen here"),) if chosen else ())
        hint = "give it a store: `platform: {secrets: {type: external-secrets, store: <name>}}`"
        findings.add(NO_SECRET_STORE, message, span, hint=hint, related=related)


def check_domain_names(sources: Sources, document: Document, findings: Findings) -> None:
    """Report domains that an environment overrides and that do not exist."""
    for name in document.data.get("domains") or {}:
        if name not in sources.domains and name not in sources.omitted_domains:
            findings.add(
                UNKNOWN_REFERENCE,
                f'there is no domain "{name}"',
                document.key_span(("domains", name)),
                hint=did_you_mean(name, sources.domains),
            )
