"""The costs of two outputs: only files that say what is requested are read, and each only once."""

from __future__ import annotations

from collections.abc import Iterable

from floe_compiler.commands.costs import costs_between
from floe_compiler.commands.diff import State
from floe_compiler.model.files import FileSet
from floe_compiler.model.inputs import Cluster, Prices
from floe_compiler.model.yaml_text import to_yaml
from floe_compiler.pipeline.compilation import Compilation, CompiledEnvironment
from floe_compiler.report.costs.rollup import EVERYTHING
from report.samples import deployment

PRICES = Prices(currency="EUR", cpu_hour=1, memory_gib_hour=0)


def text(cpu: str) -> str:
    return to_yaml(deployment(resources={"requests": {"cpu": cpu, "memory": "1Gi"}}))


def test_only_differing_files_of_both_outputs_are_read() -> None:
    folder = "output/prod/us/floe-platform"
    unchanged, changed, secret = (
        f"{folder}/{name}.yaml" for name in ("deployment.apps_a", "deployment.apps_b", "secret_c")
    )
    gone = "output/prod/eu/floe-platform/deployment.apps_d.yaml"
    before = {unchanged: text("1").replace("polaris", "a"), changed: text("1"), secret: "no: object", gone: text("1")}
    old = FileSet.of_texts(before)
    read: list[str] = []

    def texts(paths: Iterable[str]) -> dict[str, bytes]:
        read_ = list(paths)
        read.extend(read_)
        return {path: before[path].encode() for path in read_}

    after = FileSet.of_texts({**before, changed: text("2")})
    cluster = Cluster(name="us", prices=PRICES)
    environments = tuple(
        CompiledEnvironment(name, {}, lambda *_: 1 / 0, cluster_)  # type: ignore[arg-type]
        for name, cluster_ in (("prod/us", cluster), ("prod/eu", Cluster(name="eu")))
    )
    (costs,) = costs_between(
        State(old.digests, lambda files: files.digests, texts), old.digests, Compilation(environments, after, {})
    )
    assert (costs.site, read) == ("prod/us", [changed])
    assert [costs.of(state, EVERYTHING)[0] / 730 for state in (costs.before, costs.after)] == [4, 6]
