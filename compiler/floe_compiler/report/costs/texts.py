"""Costs as text, Markdown, JSON, and as rows of the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from floe_compiler.report.costs.requested import Requested
from floe_compiler.report.costs.rollup import EVERYTHING, Bounds, Costs, Part, State
from floe_compiler.report.markdown_table import inline
from floe_compiler.report.terminal import Paint, visible

MEANING = "at least what always runs; at most with all autoscalers at their most, and each run until its timeout"
MOST_ROWS, MOST_REASONS = 20, 5
"""What Markdown has, which must leave room for the changes."""

COST_COLUMNS = ("domain", "product", "a month, at least", "at most", "changes by", "CPU", "memory, GiB", "volumes, GiB")
"""The columns of `cost_rows`."""

Money = tuple[Fraction, Fraction]


def cost_lines(all_costs: Iterable[Costs], paint: Paint) -> Iterator[str]:
    """Yield the lines of what costs another amount, with the total of its environment."""
    for costs in all_costs:
        rows = changed_parts(costs)
        if not rows:
            continue
        yield paint(f"{costs.site}: costs of a month in {costs.prices.currency}, by what is requested", "bold")
        for part in rows:
            before, after = costs.of(costs.before, part), costs.of(costs.after, part)
            yield visible(f"  ~ {_name(part)}: {_money(before)} -> {_money(after)} ({_difference(before, after)})")
        yield from (f"  not counted: {visible(reason)}" for reason in costs.uncounted)
        yield ""


def cost_section(all_costs: Iterable[Costs]) -> str:
    """Return what costs another amount as Markdown; empty if nothing does."""
    changed = [costs for costs in all_costs if changed_parts(costs)]
    if not changed:
        return ""
    lines = [f"\n**Costs of a month**, by what is requested: {MEANING}.\n"]
    lines += ["| environment | of | before | after | difference |", "|---|---|--:|--:|--:|"]
    rows = [(costs, part) for costs in changed for part in changed_parts(costs)]
    for costs, part in rows[:MOST_ROWS]:
        before, after = costs.of(costs.before, part), costs.of(costs.after, part)
        cells = (inline(costs.site), inline(_name(part)), _money(before), f"{_money(after)} {costs.prices.currency}")
        lines.append(f"| {' | '.join((*cells, _difference(before, after)))} |")
    if len(rows) > MOST_ROWS:
        lines.append(f"\n{len(rows) - MOST_ROWS} more rows are left out: see `floe-compile diff`.")
    reasons = dict.fromkeys(reason for costs in changed for reason in costs.uncounted)
    if reasons:
        shown = inline("; ".join(list(reasons)[:MOST_REASONS]))
        lines.append(f"\nNot counted: {shown}{' …' if len(reasons) > MOST_REASONS else ''}.")
    return "\n".join(lines) + "\n"


def costs_data(all_costs: Iterable[Costs]) -> Mapping[str, Any]:
    """Return all costs by the name of the environment (`prod/us` if it has several clusters), as plain data."""
    return {
        costs.site: {
            "currency": costs.prices.currency,
            "notCounted": list(costs.uncounted),
            "parts": [
                {
                    "domain": part[0],
                    "product": part[1],
                    "before": _part_data(costs, costs.before, part),
                    "after": _part_data(costs, costs.after, part),
                }
                for part in costs.parts
            ],
        }
        for costs in all_costs
    }


def cost_rows(costs: Costs) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the report: what each part costs, how that changes, and what it requests."""
    for part in costs.parts:
        bounds = costs.after.parts.get(part, Bounds())
        before, after = costs.of(costs.before, part), costs.of(costs.after, part)
        yield (
            part[0] or "(everything)",
            part[1],
            f"{float(after[0]):,.2f}",
            f"{float(after[1]):,.2f} {costs.prices.currency}",
            _difference(before, after) if before != after else "",
            _between(bounds.least.cpu, bounds.most.cpu),
            _between(bounds.least.memory, bounds.most.memory),
            _between(_volumes(bounds.least), _volumes(bounds.most)),
        )


def changed_parts(costs: Costs) -> list[Part]:
    """Return the parts that cost another amount, everything first."""
    return [part for part in costs.parts if costs.of(costs.before, part) != costs.of(costs.after, part)]


def _part_data(costs: Costs, state: State, part: Part) -> Mapping[str, Any]:
    bounds = state.parts.get(part, Bounds())
    least, most = costs.of(state, part)
    return {
        "costs": {"atLeast": _cents(least), "atMost": _cents(most)},
        "requested": {"atLeast": _requested(bounds.least), "atMost": _requested(bounds.most)},
        **({"quota": dict(state.quotas[part[0]])} if not part[1] and part[0] in state.quotas else {}),
    }


def _requested(requested: Requested) -> Mapping[str, Any]:
    volumes = {name: _rounded(size) for name, size in requested.volumes.items()}
    return {"cpu": _rounded(requested.cpu), "memoryGiB": _rounded(requested.memory), "volumesGiB": volumes}


def _name(part: Part) -> str:
    return "everything" if part == EVERYTHING else "/".join(filter(None, part))


def _money(amounts: Money) -> str:
    least, most = (f"{float(amount):,.2f}" for amount in amounts)
    return least if least == most else f"{least} to {most}"


def _difference(before: Money, after: Money) -> str:
    least, most = (f"{float(now - then):+,.2f}" for then, now in zip(before, after, strict=True))
    return least if least == most else f"{least} to {most}"


def _volumes(requested: Requested) -> Fraction:
    return sum(requested.volumes.values(), Fraction(0))


def _between(least: Fraction, most: Fraction) -> str:
    shown = [f"{_rounded(bound):,}" for bound in (least, most)]
    return shown[0] if shown[0] == shown[1] else " to ".join(shown)


def _rounded(amount: Fraction) -> float:
    rounded = round(float(amount), 3)
    return int(rounded) if rounded.is_integer() else rounded


def _cents(amount: Fraction) -> float:
    return round(float(amount), 2)
