"""Where the deployer's changes may go, service by service, and why no narrower. The patterns are in
the table of resource types (generator/resource_types.toml).

Not every name begins with the stack's name:

- a secret's is its logical id and a random end, so the logical ids of all secrets are listed here,
  and what exists is known by CloudFormation's tag as well;
- a balancer's and a target group's has 32 characters, of which the stack's name keeps the first
  five or six: ``clinic-Alb-1a2b3c``, so the pattern is ``clini``, and the tag as above;
- what must be named and is unique in an account is called ``<environment>-<what>-<random end>``;
- a parameter's is ours, and begins with ``/clinic/`` before the stack's name;
- RDS asks for its own option group too, and for whichever snapshot the operator restores;
- a dashboard's generated name is not documented to hold the stack's name;
- what has an identifier instead of a name (network, keys, file systems, backup plans) is narrowed
  by CloudFormation's tag where the service gives one to IAM, and otherwise only by the way: asked
  for by CloudFormation, which changes nothing but what a stack owns.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator import resource_types

SECRETS = ("DatabaseSecret", "OriginVerifySecret", "OriginVerifySecretSecond")
"""Logical ids of the secrets; a test compares them with the templates."""


def _by_service() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in resource_types.column("deployer").values():
        for service, arns in row.items():
            found[service] = (*found.get(service, ()), *arns)
    return found


SCOPES: Mapping[str, tuple[str, ...]] = _by_service() | {
    "secretsmanager": tuple(
        f"arn:aws:secretsmanager:*:*:secret:{logical_id}-*" for logical_id in SECRETS
    ),
}
"""ARNs by service, from the table of resource types."""

ROLES_MAY: Mapping[str, tuple[str, ...]] = {
    arn: tuple(actions)
    for row in resource_types.column("roles").values()
    for arn, actions in row.items()
}
"""What the stacks' roles may do, by ARN, from the same table."""

UNTAGGED: Mapping[str, frozenset[str]] = {
    "elasticloadbalancing": frozenset(
        f"elasticloadbalancing:{name}"
        for name in ("AddTags", "CreateLoadBalancer", "CreateTargetGroup")
    ),
    "secretsmanager": frozenset({"secretsmanager:CreateSecret", "secretsmanager:TagResource"}),
}
"""Services of which whatever exists must carry CloudFormation's tag (their resource schemas say
``cloudFormationSystemTags``: true), and what makes or tags a thing before it does."""
