"""The locations in the inputs that diagnostics about objects point to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from floe_compiler.model.diagnostics import Diagnostic, Related, Rule
from floe_compiler.model.objects import ObjectId
from floe_compiler.model.rendered import PodGroup, Rendered, launched_id
from floe_compiler.model.span import Span
from floe_compiler.model.value_spans import Patch, Values, as_meant, nearest, path_in

_PUNCTUATION = re.compile(r"""^["'(]+|(:\d+)?["'),.:;]*$""")
"""What stands around a name in a message, such as the port of a server."""


_SELECTS_NOTHING = " matches no "


class Places(msgspec.Struct, frozen=True):
    """The locations of a unit's objects in the inputs; the fields are those of `Rendered`."""

    environment: str
    origins: Mapping[str, Span] = msgspec.field(default_factory=dict)
    patched: Mapping[str, tuple[Patch, ...]] = msgspec.field(default_factory=dict)
    removed: Mapping[ObjectId, tuple[Span, ...]] = msgspec.field(default_factory=dict)
    values: Mapping[str, Values] = msgspec.field(default_factory=dict)
    templates: Mapping[str, Span] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, rendered: Rendered) -> Places:
        """Return the places of a rendered unit; launched pods have the patches of the object with their template."""
        launched = {
            str(launched_id(pods.group)): rendered.patched[str(pods.description.by)]
            for pods in sorted(rendered.launched)
            if pods.description and str(pods.description.by) in rendered.patched
        }
        patched = {**rendered.patched, **launched}
        return cls(
            rendered.environment, rendered.origins, patched, rendered.removed, rendered.values, rendered.templates
        )

    def as_meant(self, respelt: Mapping[ObjectId, Iterable[tuple[str, str]]]) -> Places:
        """Return the locations with values under misspelt keys also at the paths that are meant, by object."""
        respelt_values = {str(identity): meant for identity, meant in respelt.items() if str(identity) in self.values}
        meant = {about: as_meant(self.values[about], paths) for about, paths in respelt_values.items()}
        return replace(self, values={**self.values, **meant}) if meant else self

    def origin(self, about: object) -> Span | None:
        """Return the location in the inputs that an object or a group of pods comes from, if it is known."""
        return self.origins.get(str(launched_id(about) if isinstance(about, PodGroup) else about))

    def diagnostic(
        self, rule: Rule, about: object, message: str, hint: str, related: Iterable[Related] = ()
    ) -> Diagnostic:
        """Return a diagnostic about an object, pod group or namespace.

        Its location is the patch that changed the value which the message names. If it names none, it is the last
        patch that changed more than annotations: rendered objects are valid before they are patched. For a value that
        no patch changed, it is the value in the hand-written object, or the origin of the object.
        """
        path = path_in(message)
        patches = reversed(self.patched.get(str(about), ()))
        places = [Related(span, "patched here, too") for patch in patches if (span := patch.blamed(path))]
        written = nearest(self.values.get(str(about), {}), path)
        if origin := written or self.origin(about):
            places.append(Related(origin, "written here" if written else "rendered for this"))
        if template := self.templates.get(str(about)):
            places.append(Related(template, "its template"))
        places += [
            Related(span, f"removes {identity}")
            for identity in _explaining(self.removed, about, message)
            for span in self.removed[identity]
        ]
        span = places[0].span if places else None
        own = tuple(related)
        reported = {span, *(place.span for place in own)}  # what a rule says of a place is more than where that is from
        further = (
            *(place for place in places[1:] if place.span not in reported),
            *(related_place for related_place in own if related_place.span != span),
        )
        secret = isinstance(about, ObjectId) and about.kind == "Secret"
        subject = f"{self.environment}: {about}"
        return Diagnostic(rule, message, span, subject, hint, tuple(dict.fromkeys(further)), secret)

    def is_patched(self, finding: Diagnostic) -> bool:
        """Return whether a patch changed the object of a finding, but not the value that the finding names."""
        path = path_in(finding.message)
        patches = self.patched.get(finding.subject.removeprefix(f"{self.environment}: "), ())
        return bool(patches) and not (path and any(patch.changes(path) for patch in patches))


def _explaining(removed: Iterable[ObjectId], about: object, message: str) -> list[ObjectId]:
    """Return the removed objects that may be the cause of a finding.

    These are the ones whose names the message has. If it has none, the object may have lost one of its own name: the
    policy for its pods, or the pods that it selects. But no removal makes a value wrong.
    """
    if isinstance(about, ObjectId) and about.kind == "Namespace":
        return [identity for identity in removed if identity.namespace == about.name]
    near = [identity for identity in removed if identity.namespace == getattr(about, "namespace", "")]
    words = frozenset(_PUNCTUATION.sub("", word) for word in message.split())
    named = [
        identity for identity in near if not words.isdisjoint((identity.name, f"{identity.namespace}/{identity.name}"))
    ]
    is_of_value = path_in(message) and _SELECTS_NOTHING not in message
    return named or [identity for identity in near if not is_of_value and identity.name == getattr(about, "name", "")]
