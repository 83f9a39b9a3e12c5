"""What the environments cost before and after a change, where there are prices: read from both outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from floe_compiler.model.files import FileSet

if TYPE_CHECKING:
    from floe_compiler.commands.diff import State
    from floe_compiler.pipeline.compilation import Compilation
    from floe_compiler.report.costs.rollup import Costs


def costs_between(before: State, old: Mapping[str, str], compiled: Compilation) -> tuple[Costs, ...]:
    """Return the costs of each environment in each cluster with prices, at the prices that its document has now.

    A file that both outputs have is read once.

    Args:
        before: The earlier output.
        old: The hashes of its files, by path.
        compiled: The later one.
    """
    priced = [
        environment for environment in compiled.environments if environment.cluster and environment.cluster.prices
    ]
    if not priced:
        return ()
    from floe_compiler.model.yaml_text import from_yaml
    from floe_compiler.report.costs.rollup import Costs, matters, state_of

    after: FileSet = compiled.files
    new = before.hashes_of(after)
    costs = []
    for environment in priced:
        site, cluster = environment.environment, environment.cluster
        paths = {path for path in {*old, *new} if site_of(path) == site and matters(path)}
        changed = {path for path in paths if old.get(path) != new.get(path)}
        gone = before.read(sorted(changed & old.keys()))
        same = [from_yaml(after[path]) for path in sorted(paths - changed)]
        then = [from_yaml(text) for text in gone.values()]
        now = [from_yaml(after[path]) for path in sorted(changed & new.keys())]
        assert cluster is not None and cluster.prices is not None  # noqa: PT018, S101 -- chosen above
        states = (state_of(_objects((*same, *changed_objects)), cluster.nodes) for changed_objects in (then, now))
        costs.append(Costs(site, cluster.prices, *states))
    return tuple(costs)


def site_of(path: str) -> str:
    """Return the environment of a file, with the cluster if it is in the folder of one: `output/prod/us/<folder>/`."""
    return "/".join(path.split("/")[1:-2])


def _objects(documents: Iterable[object]) -> list[dict[str, object]]:
    return [document for document in documents if isinstance(document, dict)]
