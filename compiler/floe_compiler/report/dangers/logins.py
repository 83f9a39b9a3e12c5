"""Logins: who may log in, with which rights, and where.

A login is that of an oauth2-proxy, whose arguments say all this, that of Grafana, in its `grafana.ini`, or that of
Airflow, in its `login.json`; or it is the tokens that Cube asks for, in its variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from typing import NamedTuple

from floe_compiler.model.hints import some
from floe_compiler.model.nested_fields import items, mapping, mappings
from floe_compiler.model.objects import Object
from floe_compiler.report.dangers.danger import Change, Danger, containers

_PROXY = "oauth2-proxy"
_UNASKED = ("--skip-auth", "--skip-jwt-bearer-tokens", "--trusted-ip")
"""Arguments by which requests need no login."""

EVERYBODY = "*"
_GRANT = re.compile(r"contains\([^)]*, '([^']*)'\) && '(\w+)'")
_EVERYONE = re.compile(r"(?:^\(|\|\| )'(\w+)'")
_RANKS = ("", "Viewer", "Editor", "User", "Admin", "GrafanaAdmin")
"""Roles of Grafana and Airflow, those with more rights last."""


class _Login(NamedTuple):
    """Where people log in, and the roles of groups."""

    provider: str
    roles: Mapping[str, str]


def login_widened(change: Change) -> Iterator[Danger]:
    """Yield a danger if more people may log in, with more rights, or at another provider."""
    old, new = (_arguments(manifest) for manifest in (change.before, change.after))
    if old and new:
        yield from _proxy(old, new)
    before, after = (_settings(manifest) for manifest in (change.before, change.after))
    if before is not None and after is not None:
        yield from _grafana(before, after)
    was, is_now = (_airflow(manifest) for manifest in (change.before, change.after))
    if was and is_now:
        yield from _granted("Airflow", was, is_now)
    earlier, later = (_cube(manifest) for manifest in (change.before, change.after))
    if earlier and later:
        yield from _tokens(earlier, later)


def _cube(manifest: Object) -> Mapping[str, str]:
    """Return the plain variables of a container of Cube; empty if there is none."""
    for container in containers(manifest).values():
        variables = {
            str(variable.get("name")): str(variable.get("value", "")) for variable in mappings(container, ("env",))
        }
        if "CUBEJS_DEV_MODE" in variables:
            return variables
    return {}


def _tokens(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Danger]:
    if _unasked(after) and not _unasked(before):
        yield Danger("login-removed", "Cube asks nobody for a token, as it is in development mode")
    issuers = [variables.get("CUBEJS_JWK_URL", "") for variables in (before, after)]
    if issuers[0] != issuers[1]:
        old, new = (url or "those who have Cube's own key" for url in issuers)
        yield Danger("login-widened", f"tokens are those of {new}, instead of {old}")


def _unasked(variables: Mapping[str, str]) -> bool:
    return variables["CUBEJS_DEV_MODE"] == "true" or variables.get("NODE_ENV", "production") != "production"


def _arguments(manifest: Object) -> tuple[str, ...]:
    """Return the arguments of an oauth2-proxy."""
    proxies = (
        container
        for name, container in containers(manifest).items()
        if name == _PROXY or f"/{_PROXY}:" in str(container.get("image"))
    )
    return tuple(str(argument) for container in proxies for argument in items(container, ("args",)))


def _values(arguments: tuple[str, ...], name: str) -> set[str]:
    return {argument.partition("=")[2] for argument in arguments if argument.startswith(f"--{name}=")}


def _proxy(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Danger]:
    for name, anyone in (("email-domain", "any mail address"), ("allowed-group", "any group")):
        before, after = _values(old, name) or {EVERYBODY}, _values(new, name) or {EVERYBODY}
        if EVERYBODY not in before and (more := sorted(after - before)):
            whose = anyone if EVERYBODY in more else some(more)
            yield Danger(
                "login-widened", f"people of {whose} may log in, too; until now those of {some(sorted(before))}"
            )
    issuers = [", ".join(sorted(_values(arguments, "oidc-issuer-url"))) for arguments in (old, new)]
    if issuers[0] != issuers[1]:
        yield Danger("login-widened", f"whoever has an account at {issuers[1]} may log in, instead of {issuers[0]}")
    if unasked := sorted({argument for argument in new if argument.startswith(_UNASKED)} - {*old}):
        yield Danger("login-removed", f"some requests need no login any longer: {some(unasked)}")


def _settings(manifest: Object) -> ConfigParser | None:
    """Return the settings of Grafana in a ConfigMap."""
    text = mapping(manifest, ("data",)).get("grafana.ini")
    if manifest.get("kind") != "ConfigMap" or not isinstance(text, str):
        return None
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except Error:
        return None
    return parser


def _grafana(before: ConfigParser, after: ConfigParser) -> Iterator[Danger]:
    if _anonymous(after) and not _anonymous(before):
        yield Danger("login-removed", "Grafana can be used without a login")
    old, new = (
        _Login(
            parser.get("auth.generic_oauth", "auth_url", fallback=""),
            _roles(parser.get("auth.generic_oauth", "role_attribute_path", fallback="")),
        )
        for parser in (before, after)
    )
    if old.provider and new.provider:
        yield from _granted("Grafana", old, new)


def _airflow(manifest: Object) -> _Login | None:
    """Return the login of Airflow in a ConfigMap."""
    try:
        data = json.loads(str(mapping(manifest, ("data",)).get("login.json", "")))
        roles = {EVERYBODY: str(data["everyone"])} if data["everyone"] else {}
        first_counts = {str(group): str(role) for group, role in reversed(data["roles"])}
        return _Login(str(data["issuer"]), {**roles, **first_counts})
    except (ValueError, KeyError, TypeError):
        return None


def _granted(program: str, before: _Login, after: _Login) -> Iterator[Danger]:
    if before.provider != after.provider:
        sentence = f"whoever has an account at {after.provider} may log in, instead of {before.provider}"
        yield Danger("login-widened", sentence)
    for group, role in sorted(after.roles.items()):
        former = max(before.roles.get(group, ""), before.roles.get(EVERYBODY, ""), key=_rank)
        if _rank(role) > _rank(former):
            whose = "everyone" if group == EVERYBODY else f"group {group}"
            yield Danger("login-widened", f"{whose} has the role {role} in {program}; until now {former or 'none'}")


def _anonymous(parser: ConfigParser) -> bool:
    return parser.get("auth.anonymous", "enabled", fallback="").strip().lower() == "true"


def _roles(expression: str) -> Mapping[str, str]:
    """Return the roles of groups, and of everyone, as the rendered expression grants them."""
    first_counts = reversed(_GRANT.findall(expression))
    everyone = ((EVERYBODY, role) for role in _EVERYONE.findall(expression))
    return dict((*everyone, *first_counts))


def _rank(role: str) -> int:
    return _RANKS.index(role) if role in _RANKS else 0
