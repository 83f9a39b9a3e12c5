"""How far the changes of a roll-out are, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from floe_compiler.model.rollout import ChangeProgress, RingProgress
from floe_compiler.report.json_text import json_text
from floe_compiler.report.terminal import Paint, visible


def render_text(changes: Sequence[ChangeProgress], paint: Paint) -> str:
    """Return a part for each change, with a line for each ring of each environment."""
    return "".join(f"{line}\n" for change in changes for line in _lines(change, paint))


def _lines(change: ChangeProgress, paint: Paint) -> Iterator[str]:
    yield f"{paint(visible(change.name), 'bold')}: {visible(change.description)} ({change.place})"
    rings = [ring for own in change.environments.values() for ring in own]
    widths = max(map(len, change.environments), default=0), max((len(ring.ring) for ring in rings), default=0)
    for environment, own in change.environments.items():
        for number, ring in enumerate(own):
            name = "" if number else environment
            state = paint("has it  ", "green") if ring.has_it else paint("lacks it", "yellow")
            yield f"  {name:{widths[0]}}  {ring.ring:{widths[1]}}  {state}  {', '.join(ring.domains) or '-'}"
            yield from (
                f"      {setting.domain} has its own {visible(setting.path)}: {setting.place}"
                for setting in ring.own
                if ring.has_it
            )
    yield ""


def render_json(changes: Iterable[ChangeProgress]) -> str:
    """Return all of it for programs."""
    return json_text(
        {
            "format": 1,
            "changes": [
                {
                    "name": change.name,
                    "description": change.description,
                    "place": str(change.place),
                    "environments": {name: [_ring(ring) for ring in own] for name, own in change.environments.items()},
                }
                for change in changes
            ],
        }
    )


def summary(changes: Sequence[ChangeProgress]) -> str:
    """Return in a line how many changes have reached everybody."""
    if not changes:
        return "no change is under way: platform-manifest.yaml has none under `rollout`"
    done = sum(all(ring.has_it for own in change.environments.values() for ring in own) for change in changes)
    return f"{len(changes)} under way, {done} of them in all rings"


def _ring(ring: RingProgress) -> dict[str, Any]:
    return {
        "ring": ring.ring,
        "hasIt": ring.has_it,
        "domains": list(ring.domains),
        "own": [
            {"domain": setting.domain, "setting": setting.path, "place": str(setting.place)} for setting in ring.own
        ],
    }
