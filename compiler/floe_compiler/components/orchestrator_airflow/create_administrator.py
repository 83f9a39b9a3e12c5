"""Creates the administrator, or gives it the password of the secret if it has another one."""

# mypy: ignore-errors
# Airflow is no dependency of the compiler.

import os
from pathlib import Path

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

SECRETS = Path(os.environ.get("ADMINISTRATOR_SECRETS", "/run/secrets/airflow-administrator"))


def read(name: str) -> str:
    """Return a secret."""
    return (SECRETS / name).read_text("utf-8").rstrip("\n")


def main() -> None:
    """Create or update the administrator; raise SystemExit if that fails."""
    name, password = read("username"), read("password")
    with get_application_builder() as builder:
        manager = builder.sm
        user = manager.find_user(name)
        if user is None:
            role = manager.find_role("Admin")
            user = manager.add_user(name, name, "administrator", f"{name}@localhost", role, password)
            if not user:
                raise SystemExit(f"cannot create the user {name}")
        elif not manager.check_password(name, password):
            manager.reset_password(user.id, password)


if __name__ == "__main__":
    main()
