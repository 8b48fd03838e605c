"""Sets of templates with one thing changed, and what is proven of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generator.checks.reach import Proof, prove
from generator.model import view
from tests.resolved import PARAMS, children, flat, parameters

Resources = dict[str, dict[str, Any]]
Change = Callable[[Resources], object]
CDN_LIST = {"CloudFrontPrefixListId": "pl-3b927c52"}
CLOSED = CDN_LIST | {"AlbExposure": "cloudfront"}
PRIVATE = CDN_LIST | {"AlbExposure": "private"}


def changed_flat(folder: Path, change: Change) -> Path:
    """The flat template after ``change`` in a file of ``folder``."""
    template = copy.deepcopy(flat())
    change(template["Resources"])
    path = folder / "changed.json"
    path.write_text(json.dumps(template))
    return path


class Joined(dict[str, dict[str, Any]]):
    """Resources of all children as one; a new one goes into the first child, a removed one is
    removed where it was."""

    def __init__(self, templates: dict[str, dict[str, Any]]) -> None:
        self._templates = [t["Resources"] for stem, t in templates.items() if stem != "root"]
        super().__init__({k: v for resources in self._templates for k, v in resources.items()})

    def __setitem__(self, name: str, resource: dict[str, Any]) -> None:
        super().__setitem__(name, resource)
        home = next((r for r in self._templates if name in r), self._templates[0])
        home[name] = resource

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        for resources in self._templates:
            resources.pop(name, None)


def changed_nested(folder: Path, change: Change) -> Path:
    """The nested set after ``change`` in a folder of its own."""
    templates = copy.deepcopy(children())
    change(Joined(templates))
    path = folder / "changed"
    path.mkdir()
    for stem, template in templates.items():
        (path / f"{stem}.json").write_text(json.dumps(template))
    return path


def proof(
    folder: Path, change: Change, env: str = "seed", form: str = "flat", **given: str
) -> Proof:
    """What is proven of the set in one form, with an environment's parameters or changed ones,
    which have no expectations of their own."""
    make = changed_flat if form == "flat" else changed_nested
    templates = make(folder, change)
    if not given:
        return prove(view.load(env, PARAMS, templates), PARAMS)
    file = folder / f"{env}.json"
    entries = parameters(env, **given).items()
    file.write_text(json.dumps([{"ParameterKey": k, "ParameterValue": v} for k, v in entries]))
    return prove(view.load(str(file), PARAMS, templates), folder)


def said(proof: Proof) -> str:
    """All sentences."""
    return "\n".join(difference.sentence for difference in proof.differences)
