"""Architectures to draw: our own under other values, and ones that somebody else may have."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from generator.checks.diagram.derive import derive
from generator.checks.diagram.model import Architecture, Arrow
from generator.model import view
from generator.model.variant import with_values

ROOT = Path(__file__).parents[3]
PARAMS = ROOT / "params"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0-0"


loaded = cache(view.load)


def ours(env: str = "seed", **changes: str) -> Architecture:
    """The architecture of an environment, with some values changed."""
    return derive(with_values(loaded(env, PARAMS), **changes))


def theirs(folder: Path, resources: dict[str, Any]) -> Architecture:
    """The architecture of one flat template that has nothing but these resources."""
    (folder / "flat.json").write_text(json.dumps({"Resources": resources}))
    (folder / "env.json").write_text("[]")
    return derive(view.load(str(folder / "env.json"), PARAMS, folder / "flat.json"))


def changed(folder: Path, env: str, edit: Any, **values: str) -> Architecture:
    """The architecture of our flat template after ``edit`` has changed its resources."""
    template = json.loads((ROOT / "output" / "flat.json").read_text())
    edit(template["Resources"])
    (folder / "flat.json").write_text(json.dumps(template))
    return derive(with_values(view.load(env, PARAMS, folder / "flat.json"), **values))


def between(found: Architecture, source: str, target: str) -> list[Arrow]:
    return [a for a in found.arrows if (a.source, a.target) == (source, target)]


def text(found: Architecture, source: str, target: str) -> str:
    """What stands on the only arrow between two parts; "none" if there is none."""
    arrows = between(found, source, target)
    assert len(arrows) <= 1
    return arrows[0].text if arrows else "none"
