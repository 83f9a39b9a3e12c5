"""Groups of an identity provider, and the roles of their members."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import ValidationError

from floe_compiler.kit.login_groups import Groups, LoginByGroups


class Login(LoginByGroups):
    """A login of a component, with a description of what editors may edit."""

    named_by = "type"

    type: Literal["oidc"] = "oidc"
    editors: Groups = ()


def login(**settings: Any) -> Login:
    return Login.model_validate(settings)


def test_with_several_groups_the_highest_role_counts() -> None:
    groups = login(viewers=["c"], editors=["b", "a"], admins=["d"])
    assert groups.roles("A", "E", "V") == (("d", "A"), ("a", "E"), ("b", "E"), ("c", "V"))
    assert not groups.is_for_everyone
    assert login(admins=["d"]).is_for_everyone


@pytest.mark.parametrize("groups", [{}, {"admins": []}, {"admins": [], "editors": []}])
def test_a_login_for_nobody_is_refused_at_its_setting(groups: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        login(viewers=[], **groups)
    (problem,) = error.value.errors()
    assert problem["loc"] == ("viewers",)
    assert "nobody could log in" in problem["msg"]
    for someone in ({"admins": ["d"]}, {"editors": ["d"]}):
        assert login(viewers=[], **{**groups, **someone}).viewers == ()


@pytest.mark.parametrize("group", ["", "o'neill", "a;b", " a", "a "])
def test_names_of_groups_with_quotes_are_refused(group: str) -> None:
    with pytest.raises(ValidationError) as error:
        login(admins=[group], viewers=[])
    (problem,) = error.value.errors()
    assert problem["loc"] == ("admins", 0), "one mistake is one error"
    assert login(admins=["Data Team", "a/b@c.example:d"]).admins
