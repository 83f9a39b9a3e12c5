"""Prints the URL of Airflow's database. Where that is, the environment says; the login is in files."""

import os
import sys
from pathlib import Path
from urllib.parse import quote, urlunsplit

SECRETS = Path(os.environ.get("DATABASE_SECRETS", "/run/secrets/airflow"))


def secret(name: str) -> str:
    """Return a secret, quoted for a URL; empty if there is no such file."""
    path = SECRETS / name
    return quote(path.read_text("utf-8").rstrip("\n"), safe="") if path.exists() else ""


if __name__ == "__main__":
    user = quote(os.environ.get("DATABASE_USER", ""), safe="") or secret("database-username")
    place = f"{user}:{secret('database-password')}@{os.environ['DATABASE_SERVER']}"
    sys.stdout.write(urlunsplit(("postgresql+psycopg2", place, os.environ["DATABASE_NAME"], "", "")))
