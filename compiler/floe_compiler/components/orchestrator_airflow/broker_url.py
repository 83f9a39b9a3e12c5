"""Prints the URL of the broker of Airflow's Celery executor: that in the argument, with the password in a file.

Processes that never connect to the broker have no password: they get the URL as it is.
"""

import os
import sys
from pathlib import Path
from urllib.parse import quote

PASSWORD = Path(os.environ.get("BROKER_PASSWORD", "/run/secrets/airflow/broker-password"))


if __name__ == "__main__":
    scheme, _, rest = sys.argv[1].partition("://")
    login = f":{quote(PASSWORD.read_text('utf-8').rstrip(chr(10)), safe='')}@" if PASSWORD.exists() else ""
    sys.stdout.write(f"{scheme}://{login}{rest}")
