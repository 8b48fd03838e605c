"""An environment as it would be deployed, with made-up ids: no endpoint is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from generator.model import view
from generator.model.resolve import Resolver, pseudo_parameters
from generator.twin.deployed import DeployedStack
from tests.conftest import ROOT

ACCOUNT = "111122223333"
ATTRIBUTES = ("Arn", "Id", "GroupId", "SubnetId", "AllocationId", "FunctionARN", "DNSName")


def planned(env: str, more: dict[str, Any] | None = None, **values: str) -> DeployedStack:
    """``env`` with some parameters changed, and ``more`` resources beside the templates' own."""
    seen = view.load(env, ROOT / "params").changed(**values)
    whole = {**seen.whole, "Resources": {**seen.whole["Resources"], **(more or {})}}
    ids = {name: f"{name.lower()}-id" for name in whole["Resources"]}
    attributes = {f"{name}.{a}": physical for name, physical in ids.items() for a in ATTRIBUTES}
    pseudo = pseudo_parameters("us-east-1", f"clinic-{env}")
    resources = Resolver(whole, {**pseudo, **seen.values, **ids, **attributes}).resources()
    outputs = {"SiteUrl": "https://site.example", "AlbDnsName": "alb.example"}
    outputs |= {"DatabaseHost": "database.example"}
    made = DeployedStack(seen, f"clinic-{env}", ACCOUNT, outputs, ids, resources, {})
    return replace(made, stacks=dict.fromkeys(ids, pseudo["AWS::StackId"]))
