"""The rendered Redis server and its exporter, run as another user, on a read-only root."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from floe_compiler.components.cache_redis import COMPONENT
from floe_compiler.kit import redis
from floe_compiler.kit.redis import RedisServer, monitoring
from floe_compiler.model.facts import Workload
from floe_compiler.model.inputs import Amounts, ResourceSettings
from redis_program import NEEDS_REDIS, PASSWORD, free_port, running
from support import context_of

pytestmark = [pytest.mark.real, NEEDS_REDIS]
EXPORTER = shutil.which("redis_exporter") or ""
INSTANCE = context_of(COMPONENT, scope="sales").instance


def server(memory: str = "64Mi", eviction: redis.Eviction = "noeviction") -> Workload:
    """Return a server with an exporter."""
    amounts = ResourceSettings(requests=Amounts(cpu="10m", memory=memory), limits=Amounts(cpu="1", memory=memory))
    return redis.server(INSTANCE, "broker", RedisServer(resources=amounts), eviction, monitored=True)


def test_a_client_needs_the_password_with_any_characters(tmp_path: Path) -> None:
    with running(server(), tmp_path) as instance:
        assert instance.ask("SET", "key", "value") == "OK"
        assert instance.ask("GET", "key") == "value"
        assert "NOAUTH" in instance.ask("GET", "key", password="another")
        bare = subprocess.run(
            ["redis-cli", "-p", str(instance.port), "GET", "key"], capture_output=True, text=True, check=False
        )
        assert "NOAUTH" in bare.stdout
        command = Path(f"/proc/{instance.process.pid}/cmdline").read_bytes()
        assert PASSWORD.encode() not in command
        assert PASSWORD not in instance.log.read_text()


@pytest.mark.parametrize(
    "command",
    [
        ("CONFIG", "GET", "*"),
        ("CONFIG", "SET", "dir", "/data"),
        ("ACL", "LIST"),
        ("SHUTDOWN",),
        ("REPLICAOF", "thief.example", "6379"),
        ("MODULE", "LIST"),
        ("MONITOR",),
        ("CLIENT", "KILL", "TYPE", "normal"),
    ],
)
def test_a_client_cannot_manage_the_server(command: tuple[str, ...], tmp_path: Path) -> None:
    with running(server(), tmp_path) as instance:
        assert instance.ask(*command).startswith("NOPERM"), instance.log.read_text()
        assert instance.ask("FLUSHDB") == "OK"


def test_the_exporters_user_reads_no_data(tmp_path: Path) -> None:
    with running(server(), tmp_path, metrics_password="other") as instance:
        instance.ask("SET", "key", "value")
        assert "redis_version" in instance.ask("INFO", user="metrics", password="other")
        for words in (("GET", "key"), ("KEYS", "*"), ("SCAN", "0"), ("CONFIG", "GET", "*"), ("EVAL", "return 1", "0")):
            assert instance.ask(*words, user="metrics", password="other").startswith("NOPERM")
        assert "NOAUTH" in instance.ask("INFO", user="metrics")


def test_an_empty_password_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(RuntimeError, match="the password in /run/secrets/redis/password is empty")
    with refused, running(server(), tmp_path, password=""):
        pass


def test_written_data_survives_a_crash(tmp_path: Path) -> None:
    with running(server(), tmp_path) as instance:
        instance.ask("SET", "key", "value")
        time.sleep(1.5)  # the log reaches the disk every second
        instance.process.kill()
        instance.process.wait(10)
    with running(server(), tmp_path) as instance:
        assert instance.ask("GET", "key") == "value"


def test_a_stop_loses_nothing(tmp_path: Path) -> None:
    with running(server(), tmp_path) as instance:
        instance.ask("SET", "key", "value")
    with running(server(), tmp_path) as instance:
        assert instance.ask("GET", "key") == "value"


@pytest.mark.parametrize("eviction", ["noeviction", "allkeys-lru"])
def test_with_full_memory_it_refuses_writes_or_evicts_keys(eviction: redis.Eviction, tmp_path: Path) -> None:
    with running(server("16Mi", eviction), tmp_path) as instance:
        fill = "for i = 1, 400 do redis.call('SET', KEYS[1] .. i, string.rep('x', 100000)) end return 'done'"
        answers = [instance.ask("EVAL", fill, "1", f"key{turn}-") for turn in range(2)]
        if eviction == "noeviction":
            assert "OOM" in answers[-1]
        else:
            assert answers == ["done", "done"]
            assert 0 < int(instance.ask("DBSIZE")) < 400
        assert int(instance.ask("INFO", "memory").split("\nmaxmemory:")[1].split()[0]) == int(16 * 2**20 * 0.6)


def test_a_server_with_a_wrong_password_is_alive_but_not_ready(tmp_path: Path) -> None:
    with running(server(), tmp_path) as instance:
        container = instance.container
        assert container.readiness is not None
        assert container.liveness is not None
        assert instance.probe(container.liveness.command).returncode == 0
        instance.machine.secrets = {}
        assert instance.probe(container.readiness.command).returncode != 0
        instance.process.terminate()
        instance.process.wait(10)
        assert instance.probe(container.liveness.command).returncode != 0


@pytest.mark.skipif(not EXPORTER, reason="redis_exporter is not on the PATH (github.com/oliver006/redis_exporter)")
@pytest.mark.parametrize("password", [PASSWORD, "another"])
def test_the_exporter_has_the_metrics_of_alerts_and_panels(password: str, tmp_path: Path) -> None:
    workload = server()
    with running(workload, tmp_path) as instance:
        instance.ask("SET", "key", "value")
        instance.ask("GET", "key")
        env = {variable.name: variable.value or password for variable in workload.pod.containers[1].variables}
        env["REDIS_ADDR"] = env["REDIS_ADDR"].replace("6379", str(instance.port))
        address = f"127.0.0.1:{free_port()}"
        command = [EXPORTER, f"--web.listen-address={address}"]
        with (tmp_path / "exporter").open("wb") as log:
            process = subprocess.Popen(command, env=env, stderr=log)
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(f"http://{address}/health", timeout=10).close()
                    break
                except OSError:
                    time.sleep(0.1)
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
                text = answer.read().decode()
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://{address}/scrape?target=redis://127.0.0.1:{instance.port}", timeout=30)
        finally:
            process.terminate()
            process.wait(10)
    queries = " ".join(
        [alert.expression for alert in monitoring.alerts("n", "s", "1Gi", forgets=False)]
        + [panel.query for panel in monitoring.PANELS]
    )
    used = set(re.findall(r"\bredis_\w+", queries))
    assert len(used) == 11
    known = {name for name in used if f"\n{name}" in text}
    if password == PASSWORD:
        assert known == used
        assert "\nredis_up 1\n" in text
        assert "NOPERM" not in (tmp_path / "exporter").read_text()
    else:
        assert "\nredis_up 0\n" in text
