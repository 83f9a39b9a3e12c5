"""Hosts in the options of PostgreSQL's tools."""

from __future__ import annotations

import time

import pytest

from floe_compiler.check.texts.host_options import option_addresses
from tables import table


def endpoints(text: str) -> list[tuple[str, int]]:
    return [(address.host, address.port) for address in option_addresses(text)]


@table(
    "text, expected",
    [
        ("pg_isready -q -U postgres -h db -p 5433 -t 2", [("db", 5433)]),
        ("/usr/bin/psql --host=db.example.com --port 5433", [("db.example.com", 5433)]),
        ("pg_dump -hdb -p5433", [("db", 5433)]),
        ("pg_dump -p 5433 --host 'db'", [("db", 5433)]),
        ('psql "--quiet" -h "db" -c "select 1"', [("db", 0)]),
        ("$(pg_isready -h db)", [("db", 0)]),
        ("sh -c 'pg_isready -h db -p 5433'", [("db", 5433)]),
        ("pg_isready \\\n  -h db \\\n  -p 5433\nexit 1", [("db", 5433)]),
        ("pg_isready -h a && psql -h b -p 1; psql -h a", [("a", 0), ("b", 1)]),
        ("pg_isready -h db | tee -p 1", [("db", 0)]),
        ("pg_isready -U x\nls -h db", []),
        ("curl -h db", []),
        ('psql -h "$PGHOST" -h ${HOST} -h $(HOST)', []),
        ("psql -h /var/run/postgresql", []),
        ("pg_hba.conf -h db", []),
        ("my-psql -h db", []),
        ("psql --hostile x", []),
    ],
)
def test_hosts_in_options_are_found(text: str, expected: list[tuple[str, int]]) -> None:
    assert endpoints(text) == expected


@pytest.mark.parametrize("piece", ["-h ", "-h a.", "psql ", "pg_a-", "--host  ", "-h a-"])
def test_a_large_text_is_fast(piece: str) -> None:
    start = time.perf_counter()
    endpoints("psql " + piece * (300_000 // len(piece)) + "!")
    assert time.perf_counter() - start < 5
