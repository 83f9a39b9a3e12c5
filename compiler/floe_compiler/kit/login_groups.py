"""Login at an identity provider that tells the groups of a person, which decide what a person may do."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from floe_compiler.model.fields import matching
from floe_compiler.model.inputs import Reached

Group = Annotated[
    str,
    matching(
        r"^[A-Za-z0-9]([A-Za-z0-9 ._:@/+-]*[A-Za-z0-9])?$", 'letters, digits, spaces and "._:@/+-"', "platform-team"
    ),
]
Groups = Annotated[tuple[Group, ...], Field(strict=False)]
Scope = Annotated[str, matching(r"^[A-Za-z0-9._:/-]+$", "a scope", "groups")]


class LoginByGroups(Reached):
    """A login whose groups have three roles, each of which includes the next one."""

    groups_claim: Annotated[str, matching(r"^[A-Za-z0-9_.:/-]+$", "the name of a claim", "groups")] = "groups"
    """The claim with a person's groups."""
    admins: Groups = ()
    """The groups whose people may change everything."""
    editors: Groups = ()
    """The groups whose people may change some things."""
    viewers: Groups | None = None
    """The groups whose people may look at things. Default: everyone who can log in."""

    @field_validator("viewers")
    @classmethod
    def _someone(cls, viewers: tuple[str, ...] | None, fields: ValidationInfo) -> tuple[str, ...] | None:
        admins_or_editors = (fields.data.get(name, ("wrong",)) for name in ("admins", "editors"))
        if viewers is not None and not viewers and not any(admins_or_editors):
            raise ValueError("nobody could log in; name a group, or leave viewers out for everyone")
        return viewers

    def roles(self, admin: str, editor: str, viewer: str) -> tuple[tuple[str, str], ...]:
        """Return the groups that have a role, each with it; of several, a person has the role of the first one."""
        granted = ((self.admins, admin), (self.editors, editor), (self.viewers or (), viewer))
        return tuple((group, role) for groups, role in granted for group in sorted(groups))

    @property
    def is_for_everyone(self) -> bool:
        """Return whether everyone who can log in may look at things."""
        return self.viewers is None
