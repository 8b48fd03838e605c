"""Leaks of instances: role credentials, shells, secrets in plain text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.checks.reach.facts import Facts, Reach
from generator.checks.reach.names import Names, text
from generator.model.backend import launches
from generator.model.walk import nodes

RESOLVED = "{{resolve:secretsmanager:"


def facts(names: Names) -> Facts:
    """How credentials leave instances, and where secrets are written out."""
    for kind in ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"):
        for name, properties in names.of_type(kind).items():
            for launch in launches(name, properties, names):
                yield from _metadata(names.called(name), launch)
    for name, resource in names.resources.items():
        for key, value in resource.get("Properties", {}).items():
            for secret in dict.fromkeys(_secrets(value, names)):
                yield Reach(names.called(name), secret, f"written into {key}", (name,))


def _metadata(who: str, launch: dict[str, Any]) -> Iterator[Reach]:
    options = launch.get("MetadataOptions", {})
    why = (text(launch["from"]),)
    off = options.get("HttpEndpoint", "enabled") != "enabled"
    if off:
        yield Reach(who, "its credentials", "cannot: HttpEndpoint is not enabled", why)
        return
    if options.get("HttpTokens") != "required":
        yield Reach("a forged request", f"credentials of {who}", "IMDSv1", why)
    hops = text(options.get("HttpPutResponseHopLimit", 1))
    if hops != "1":
        yield Reach(f"containers of {who}", f"credentials of {who}", f"{hops} hops", why)
    if "KeyName" in launch:
        yield Reach(f"holder of {text(launch['KeyName'])}", who, "SSH key", why)


def _secrets(value: Any, names: Names) -> Iterator[str]:
    """Secrets whose value a deployment puts here."""
    for node in nodes(value):
        for part in text(node).split(RESOLVED)[1:] if _is_text(node) else ():
            arn, end, _ = part.partition("}}")
            if end:
                yield names.resource(arn.partition(":SecretString")[0])


def _is_text(node: Any) -> bool:
    return isinstance(node, str) or (isinstance(node, dict) and len(node) == 1)
