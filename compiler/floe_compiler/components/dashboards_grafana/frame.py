"""What all dashboards have in common: their addresses, links between them, variables, and how they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from floe_compiler.components.dashboards_grafana.panels import METRICS, TRACES, TRACES_UID, Json, Row, arranged
from floe_compiler.model.yaml_text import sha256_of

SCHEMA_VERSION = 41
LONGEST_UID = 40
HASH_LENGTH = 8
OVERVIEW, DOMAIN, PRODUCT, COMPONENT = "floe-overview", "floe-domain", "floe-product", "floe-component"
"""The uids of the dashboards. A component's job follows that of components; its tag is the same word."""

SHOWN, HIDDEN = 0, 2
FOLDERS = {"platform": "Platform", "components": "Components"}
"""The folders of dashboards: names in paths, and titles."""


class Dashboard(msgspec.Struct, frozen=True):
    """A dashboard as it is provisioned: its address, its folder (a key of FOLDERS), and its text."""

    uid: str
    folder: str
    text: str


class Link(NamedTuple):
    """A link above the panels of a dashboard."""

    title: str
    url: str


def component_uid(job: str) -> str:
    """Return the uid of a component's dashboard: `floe-component-<job>`; a hash ends what is too long, or not plain."""
    plain = f"{COMPONENT}-{re.sub(r'[^a-z0-9]+', '-', job.lower()).strip('-')}"
    if plain == f"{COMPONENT}-{job}" and len(plain) <= LONGEST_UID:
        return plain
    return f"{plain[: LONGEST_UID - HASH_LENGTH - 1].rstrip('-')}-{sha256_of(job)[:HASH_LENGTH]}"


def address(uid: str, **variables: str) -> str:
    """Return the address of a dashboard that shows the same time, with the values of its variables."""
    parameters = "".join(f"var-{name}={value}&" for name, value in variables.items())
    return f"/d/{uid}?{parameters}${{__url_time_range}}"


def explore_traces(service: str) -> Link:
    """Return the link to the traces of a service (or of the service that a variable such as `$product` names)."""
    query = {"refId": "A", "datasource": TRACES, "queryType": "search", "service": service, "limit": 20}
    pane = {"datasource": TRACES_UID, "queries": [query], "range": {"from": "now-1h", "to": "now"}}
    text = quote(json.dumps({"traces": pane}, separators=(",", ":")), safe="$")
    return Link("Traces", f"/explore?schemaVersion=1&orgId=1&panes={text}")


def choice(name: str, label: str, values: Sequence[str], *, several: bool = False) -> Json:
    """Return a variable with known values. `several` may be chosen at once, and are all at first."""
    everything = {"text": ["All"], "value": ["$__all"]}
    return {
        "type": "custom",
        "name": name,
        "label": label,
        "query": ",".join(values),
        "includeAll": several,
        "multi": several,
        "current": everything if several else {"text": values[0], "value": values[0]},
        "options": [],
        "hide": SHOWN if len(values) > 1 else HIDDEN,
    }


def constant(name: str, value: str) -> Json:
    """Return a variable that is not shown, for what many queries have in common."""
    return {"type": "constant", "name": name, "query": value, "hide": HIDDEN}


def query_variable(name: str, label: str, query: str, pattern: str) -> Json:
    """Return a variable with what a PromQL query finds now: the parts of its series that match a pattern."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": METRICS,
        "query": {"query": f"query_result({query})", "refId": "A"},
        "regex": pattern,
        "refresh": 2,
        "sort": 1,
        "options": [],
        "hide": SHOWN,
    }


def dashboard(
    uid: str,
    title: str,
    rows: Iterable[Row],
    *,
    variables: Iterable[Json] = (),
    links: Iterable[Link] = (),
    description: str = "",
) -> Dashboard:
    """Return a dashboard with links to the overview, the domains and the components, and to what `links` name."""
    folder = "components" if uid.startswith(COMPONENT) else "platform"
    fixed = (Link("Overview", f"/d/{OVERVIEW}"), Link("Domains", f"/d/{DOMAIN}"))
    body = {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["floe", COMPONENT] if folder == "components" else ["floe"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "links": [
            *(_link(link) for link in fixed if not link.url.endswith(uid)),
            {**_link(Link("Components", "")), "type": "dashboards", "tags": [COMPONENT], "asDropdown": True},
            *(_link(link) for link in links),
        ],
        "templating": {"list": [*variables]},
        "annotations": {"list": []},
        "panels": arranged(rows),
    }
    # json.dumps(indent=1) returns the same, but takes ten times as long.
    return Dashboard(uid, folder, msgspec.json.format(json.dumps(body, ensure_ascii=False), indent=1) + "\n")


def _link(link: Link) -> Json:
    return {
        "type": "link",
        "title": link.title,
        "url": link.url,
        "tags": [],
        "icon": "external link",
        "tooltip": "",
        "asDropdown": False,
        "includeVars": False,
        "keepTime": True,
        "targetBlank": False,
    }
