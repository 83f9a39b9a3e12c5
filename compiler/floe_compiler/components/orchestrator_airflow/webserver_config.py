"""How people log in to Airflow: by name and password. Their roles and passwords are in Airflow's database."""

# mypy: ignore-errors
# Airflow is no dependency of the compiler.

# FAB takes the names in capitals of this file as its settings.
from flask_appbuilder.const import AUTH_DB

AUTH_TYPE = AUTH_DB
WTF_CSRF_ENABLED = True
