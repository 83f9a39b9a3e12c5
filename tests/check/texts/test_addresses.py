"""Addresses in free text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import FEW
from floe_compiler.check.texts.addresses import DEFAULT_PORTS, addresses
from tables import table


def endpoints(text: str) -> list[tuple[str, int]]:
    return [(address.host, address.port) for address in addresses(text)]


@table(
    "text, expected",
    [
        ("http://web", [("web", 80)]),
        ("https://web/path?x=1", [("web", 443)]),
        ("HTTPS is http://Web:8080", [("web", 8080)]),
        ("jdbc:postgresql://db:5433/x", [("db", 5433)]),
        ("postgresql+psycopg2://user:pw@db/x", [("db", 5432)]),
        ("grpc://web:4317,grpc://api:4317", [("web", 4317), ("api", 4317)]),
        ("a.b.svc.cluster.local", [("a.b.svc.cluster.local", 0)]),
        ("p.a.b.svc:80", [("p.a.b.svc", 80)]),
        ('["web:80", "api:81"]', [("web", 80), ("api", 81)]),
        ("web:80 web:80", [("web", 80)]),
        ("--to=web:80", [("web", 80)]),
        ("s3://bucket/x", []),
        ("file:///etc/x", []),
        ("http://$HOST:80 http://${HOST}/ http://{{ host }} http://%s/", []),
        ("$HOST:80 ${HOST}:80 {{ host }}:80 $(HOST):80", []),
        ("$(NAME).b.svc.cluster.local", []),
        ("ghcr.io/acme/web:80", []),
        ("web:1.2", []),
        ("web:80-alpine", []),
        ("web:99999", []),
        ("web:0", []),
        ("web:1", [("web", 1)]),
        ("web:65535", [("web", 65535)]),
        ("web:65536", []),
        ("user@web:80", []),
        ("/etc/web:80", []),
        ("svc.cluster.local", []),
        ("module.path:app", []),
        ("job:requests:rate5m", []),
        ("2024-01-01T12:00:00Z", []),
        ("nothing at all", []),
    ],
)
def test_addresses_in_text_are_found(text: str, expected: list[tuple[str, int]]) -> None:
    assert endpoints(text) == expected


LABELS = st.from_regex(r"[a-z](?:[-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)


@given(st.sampled_from(sorted(DEFAULT_PORTS)), LABELS, LABELS, st.integers(1, 65535))
@FEW
def test_a_url_of_a_service_is_always_found(scheme: str, service: str, namespace: str, port: int) -> None:
    host = f"{service}.{namespace}.svc.cluster.local"
    assert endpoints(f'url = "{scheme}://{host}:{port}/path"') == [(host, port)]


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    assert all(0 <= port < 100_000 for _, port in endpoints(text))


@pytest.mark.parametrize("piece", ["a", "a.", "a-", "a:", "1.1.", "a.b.svc.", "http://a.", "x://"])
def test_a_large_text_is_fast(piece: str) -> None:
    start = time.perf_counter()
    endpoints(piece * (100_000 // len(piece)) + ":")
    assert time.perf_counter() - start < 2
