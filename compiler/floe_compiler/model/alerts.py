"""Alerts that components declare, and the server that collects the metrics."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from floe_compiler.model.hosts import check_url

Severity = Literal["critical", "warning"]

MetricsSource = Literal["objects", "containers", "certificates"]
"""Metrics that not every platform has: of the cluster's objects (kube-state-metrics), of containers (cAdvisor), of
certificates (cert-manager)."""


class Alert(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Something to tell people about: a PromQL expression that has results while it is true.

    `name` is in capital letters (`ProductLate`), and is the title of the alert's section in the runbooks. `lasting` is
    how long the expression must be true (`5m`). `labels` tell alerts of one name apart: no two of a namespace may have
    the same name and labels. `needs` are metrics without which the alert is left out.

    Other fields than the name go to those who are told. The `summary` may contain Prometheus' templates, such as
    `{{ $value | humanize }}`. `owner` is a mail address or a handle (default: that of the namespace). `runbook` is the
    URL of a page on what to do (default: the section in the runbooks of the platform).
    """

    name: str
    expression: str
    summary: str
    lasting: str = "5m"
    severity: Severity = "warning"
    labels: tuple[tuple[str, str], ...] = ()
    owner: str = ""
    needs: MetricsSource | None = None
    runbook: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]+", self.name):
            raise ValueError(f'"{self.name}" is not the name of an alert; write, for example, ProductLate')
        if self.runbook:
            check_runbooks(self.runbook.partition("#")[0])


def check_runbooks(text: str) -> str:
    """Accept the URL of a page; a relative one would lead nowhere, as alerts are read in mails and chats."""
    return check_url(text, "https://wiki.example.com/runbooks", path=True)


class Scraper(msgspec.Struct, frozen=True, array_like=True):
    """A server that collects the metrics of all namespaces.

    `headless` says that it finds pods by DNS: every workload with metrics gets a headless Service. `namespace` is that
    of a server outside the platform, which policies must let in; empty if it is a workload that declares its calls.
    """

    headless: bool = False
    namespace: str = ""
