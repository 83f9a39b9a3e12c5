"""Secret values in rendered objects."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import chain

from msgspec.structs import replace

from floe_compiler.check.index import Index
from floe_compiler.check.references.secret_keys import plain_keys
from floe_compiler.check.texts.texts import Text, pod_texts, texts_of
from floe_compiler.model.annotations import CREDENTIAL as EXCEPTED
from floe_compiler.model.annotations import EXCEPTION, has_exception
from floe_compiler.model.assigned_secrets import assigned_secrets, is_literal
from floe_compiler.model.credentials import (
    is_random_secret,
    names_secret,
    option_of_secret,
    secret_in,
    without_placeholders,
)
from floe_compiler.model.diagnostics import Diagnostic, Rule
from floe_compiler.model.login_forms import login_at_end
from floe_compiler.model.nested_fields import mapping
from floe_compiler.model.not_secrets import without_values
from floe_compiler.model.object_memory import once, remembered
from floe_compiler.model.objects import Object, ObjectId
from floe_compiler.model.workloads import Workload

PLAIN = Rule(
    "C130",
    "Secret in plain text",
    "A Secret with its values in it would be committed for everyone to read; base64 hides nothing. Use an "
    "ExternalSecret or a SealedSecret, or encrypt the file with SOPS.",
)
CREDENTIAL = Rule(
    "C131",
    "credential in an object",
    "A text in the object looks like a credential, which would be committed for everyone to read. Refer to a Secret "
    "instead, and renew the credential if it was ever real. If it is not a credential, a hand-written object says "
    'why with the annotation "floe.dev/exception-credential: <reason>".',
)
RULES = (PLAIN, CREDENTIAL)

LEAST = 16
"""No known form of a credential is shorter; and a label cannot assign a value to a name."""

MOST_TEXTS = 1 << 14
"""So many texts are remembered: those of some dozen namespaces."""

_NO_CREDENTIAL = f'if it is not a secret, annotate the object: "{EXCEPTION}{EXCEPTED}: <reason>"'
_INSTEAD = "keep the values in the secret store, and write an ExternalSecret, or `secrets:` in a step, which name them"


def check(index: Index) -> Iterator[Diagnostic]:
    """Yield Secrets in plain text, and texts that look like credentials; neither message nor line shows a value."""
    return (replace(finding, secret=True) for finding in _plain_secrets(index))


def _plain_secrets(index: Index) -> Iterator[Diagnostic]:
    for identity, manifest in index.of("", "Secret"):
        if plain := plain_keys(manifest):
            yield index.finding(PLAIN, identity, f"it has values in plain text: {', '.join(plain)}", _INSTEAD)
    suspects = tuple(_suspects(index))
    known = _known_names(index) if suspects else set[str]()
    for text in suspects:
        owner = index.objects.get(text.owner)
        if owner is None or not has_exception(owner, EXCEPTED):
            yield from _credentials(index, text, known)


def _suspects(index: Index) -> Iterator[Text]:
    """Return the texts that hold a secret, or would if no name of a Secret were known."""
    values = index.rendered.not_secrets
    in_pods, in_metadata = (pod_texts, _metadata_of) if values else (_suspects_in_pod, _suspects_in_metadata)
    texts = chain(
        texts_of(index.workloads, index.of("", "ConfigMap"), index.rendered.launched, in_pods),
        _templates(index),
        chain.from_iterable(in_metadata(manifest, identity) for identity, manifest in index.objects.items()),
    )
    return filter(_is_suspect, (_without(text, values) for text in texts) if values else texts)


@once
def _suspects_in_pod(workload: Workload) -> tuple[tuple[str, Text], ...]:
    """Return those of `pod_texts` that are suspect."""
    return tuple((container, text) for container, text in pod_texts(workload) if _is_suspect(text))


def _without(text: Text, values: Collection[str]) -> Text:
    return text._replace(text=without_values(text.text, values))


@remembered
def _suspects_in_metadata(manifest: Object, identity: ObjectId) -> tuple[Text, ...]:
    return tuple(filter(_is_suspect, _metadata_of(manifest, identity)))


@remembered
def _metadata_of(manifest: Object, identity: ObjectId) -> tuple[Text, ...]:
    """Return the values of annotations, and those of labels that are long enough for a credential."""
    return tuple(
        Text(identity, f"metadata.{field}[{key}]", str(value))
        for field, least in (("annotations", 0), ("labels", LEAST))
        for key, value in mapping(manifest, ("metadata", field)).items()
        if len(str(value)) >= least
    )


def _templates(index: Index) -> Iterator[Text]:
    """Yield the texts from which ExternalSecrets make their Secrets."""
    for identity, manifest in index.of("external-secrets.io", "ExternalSecret"):
        for key, text in mapping(manifest, ("spec", "target", "template", "data")).items():
            if isinstance(text, str):
                yield Text(identity, f"spec.target.template.data[{key}]", text)


def _known_names(index: Index) -> set[str]:
    """Return the names of the Secrets and their keys, which are not secret."""
    names: set[str] = set()
    for (_, name), writers in index.secrets.items():
        names.add(name)
        for writer in writers:
            names |= writer.keys or set()
    return names


def _credentials(index: Index, text: Text, known: set[str]) -> Iterator[Diagnostic]:
    hint = _NO_CREDENTIAL if str(text.owner) in index.rendered.values else ""
    if kind := _kind_of_secret(text.text, text.before):
        yield index.finding(CREDENTIAL, text.owner, f"{text.place} holds what looks like {kind}", hint)
    elif text.text and text.variable and _gives_secret(text.variable, text.text) and is_literal(text.text, known):
        yield index.finding(CREDENTIAL, text.owner, f"{text.place} has a value, but its name is that of a secret", hint)
    elif _is_of_option(text.text, text.before) and is_literal(text.text, known):
        yield index.finding(CREDENTIAL, text.owner, f'{text.place} gives "{text.before[-1]}" a value', hint)
    for name, line in assigned_secrets(text.text, known):
        location = f"line {line} of {text.place}" if "\n" in text.text else text.place
        yield index.finding(CREDENTIAL, text.owner, f'{location} gives "{name}" a value', hint)


def _is_suspect(text: Text) -> bool:
    """Return whether a text holds a secret, or would if no name of a Secret were known."""
    return _may_hold_secret(text.text, text.variable, text.before)


@lru_cache(maxsize=MOST_TEXTS)  # the same scripts, settings and variables are in every domain's objects
def _may_hold_secret(text: str, variable: str, before: tuple[str, ...]) -> bool:
    return (
        bool(_kind_of_secret(text, before))
        or bool(text and variable and _gives_secret(variable, text))
        or _is_of_option(text, before)
        or any(assigned_secrets(text, ()))
    )


def _kind_of_secret(text: str, before: tuple[str, ...]) -> str:
    """Return the kind of credential in a text that follows these words; empty if there is none."""
    return secret_in(without_placeholders(text)) or login_at_end((*before, text))


def _is_of_option(text: str, before: tuple[str, ...]) -> bool:
    return bool(before) and option_of_secret(before[-1]) and not text.startswith("-")


def _gives_secret(name: str, value: str) -> bool:
    return names_secret(name) or is_random_secret(name, value)
