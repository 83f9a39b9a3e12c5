"""Secrets whose encrypted files are in Git: they must be there, and something in the cluster must decrypt them.

Sources: Flux decrypts any object with a signature of SOPS if its Kustomization says so; Argo CD decrypts nothing. The
controller of Sealed Secrets takes name and namespace for a part of the key, unless an annotation widens the scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_compiler.check.index import Index
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.nested_fields import at
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.rendered import ExistingSecret
from floe_compiler.model.sites import environment_of

ENCRYPTED = Rule(
    "C205",
    "encrypted secret that nobody can read",
    "The inputs say that a Secret comes from an encrypted file, but there is none, or nothing can decrypt it. Argo CD "
    "decrypts no files, and Flux only if `delivery.decryption` says how. A SealedSecret can only be decrypted under "
    "the name and in the namespace that it was sealed for.",
)
RULES = (ENCRYPTED,)

SOPS_OPERATOR = "isindir.github.com"
KINDS: Mapping[str, tuple[str, ...]] = {"sealed-secrets": ("SealedSecret",), "sops": ("Secret", "SopsSecret")}
"""The kinds of objects that create a Secret in each way."""

_WIDE = "sealedsecrets.bitnami.com/"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield the secrets that are missing, and the encrypted objects that nothing decrypts."""
    for secret in sorted(index.rendered.encrypted_secrets):
        yield from _missing(index, secret)
    for identity, _ in index.of("", "Secret"):
        if str(identity) in index.rendered.verbatim and not index.rendered.decrypts:
            yield index.finding(ENCRYPTED, identity, *_undecrypted(index.rendered.delivery_tool))
    for identity, _ in index.of(SOPS_OPERATOR, "SopsSecret"):
        if index.rendered.decrypts:
            message = "Flux would decrypt it before the SOPS Secrets Operator can, and store its values as they are"
            hint = "encrypt a Secret instead, which Flux decrypts itself, or remove delivery.decryption"
            yield index.finding(ENCRYPTED, identity, message, hint)
    for identity, manifest in index.of("bitnami.com", "SealedSecret"):
        yield from _renamed(index, identity, manifest)


def _missing(index: Index, secret: ExistingSecret) -> Iterator[Diagnostic]:
    kinds = KINDS[secret.way]
    writer = index.secrets[secret.namespace, secret.name][0].writer
    if writer.split(" ")[0].split(".")[0] in kinds:
        return
    kind = _kind(index, secret.way)
    keys = f" with the keys {', '.join(secret.keys)}" if secret.keys else ""
    actual = f"{writer} creates it" if writer else f"there is no {kind}"
    message = f"the Secret {secret.name} is to come from {secret.way} in {secret.namespace}, but {actual}"
    environment = environment_of(index.rendered.environment)
    action = f"write a {kind} for {secret.namespace}/{secret.name}{keys}"
    location = f"in overlays/{environment}/ or the domain's secrets/{environment}/"
    hint = f"{action} {location}, or say in secret_rules where it comes from"
    yield index.finding(ENCRYPTED, ObjectId("", "Secret", secret.namespace, secret.name), message, hint)


def _kind(index: Index, way: str) -> str:
    """Return the kind of object to write."""
    if way == "sealed-secrets":
        return "SealedSecret"
    return "SopsSecret" if index.rendered.delivery_tool == "argocd" else "Secret encrypted by SOPS"


def _undecrypted(tool: str) -> tuple[str, str]:
    if tool == "argocd":
        return (
            "Argo CD applies it as it is, as it decrypts no files of plain folders",
            "encrypt a SopsSecret instead (isindir.github.com/v1alpha3), which the SOPS Secrets Operator decrypts",
        )
    return (
        "Flux applies it as it is, as nothing says how to decrypt it",
        "say it: delivery: {decryption: {secret: <the Secret with the key, in Flux's namespace>}}",
    )


def _renamed(index: Index, identity: ObjectId, manifest: Object) -> Iterator[Diagnostic]:
    """Yield a SealedSecret that has another name or namespace than it was sealed for, as `kubeseal` has noted it."""
    annotations = at(manifest, ("metadata", "annotations")) or {}
    fields = {"name": identity.name, "namespace": identity.namespace}
    if annotations.get(f"{_WIDE}cluster-wide") == "true":
        return
    if annotations.get(f"{_WIDE}namespace-wide") == "true":
        del fields["name"]
    for field, now in fields.items():
        sealed = at(manifest, ("spec", "template", "metadata", field))
        if sealed and sealed != now:
            message = (
                f"spec.template.metadata.{field} is {sealed}, for which it was sealed: as {now}, nobody can decrypt it"
            )
            hint = f"seal the values again with the {field} {now}, or call it {sealed}"
            yield index.finding(ENCRYPTED, identity, message, hint)
            return
