"""Where the deployer's changes may go, service by service, and why no narrower.

Not every name begins with the stack's name:

- a secret's is its logical id and a random end, so the logical ids of all secrets are listed here,
  and what exists is known by CloudFormation's tag as well;
- a balancer's and a target group's has 32 characters, of which the stack's name keeps the first
  five or six: ``clinic-Alb-1a2b3c``, so the pattern is ``clini``, and the tag as above;
- what must be named and is unique in an account is called ``<environment>-<what>-<random end>``;
- a parameter's is ours, and begins with ``/clinic/`` before the stack's name;
- a dashboard's generated name is not documented to hold the stack's name;
- what has an identifier instead of a name (network, keys, file systems, backup plans) is narrowed
  by CloudFormation's tag where the service gives one to IAM, and otherwise only by the way: asked
  for by CloudFormation, which changes nothing but what a stack owns.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.policies.grants import ANY, BOOT_LIBRARY, GROUPS, LOG_GROUPS

SECRETS = ("DatabaseSecret", "OriginVerifySecret", "OriginVerifySecretSecond")
"""Logical ids of the secrets; a test compares them with the templates."""

BALANCING = "arn:aws:elasticloadbalancing:*:*:"
BALANCER = f"{BALANCING}loadbalancer/app/clini*"

SCOPES: Mapping[str, tuple[str, ...]] = {
    "autoscaling": (GROUPS,),
    "backup": (
        "arn:aws:backup:*:*:backup-vault:*-vault-*",
        "arn:aws:backup:*:*:backup-plan:*",
    ),
    "cloudfront": (
        "arn:aws:cloudfront::*:distribution/*",
        "arn:aws:cloudfront::*:function/*-spa-*",
        "arn:aws:cloudfront::*:function/*-api-*",
        "arn:aws:cloudfront::*:origin-access-control/*",
        "arn:aws:cloudfront::*:response-headers-policy/*",
        "arn:aws:cloudfront::*:vpcorigin/*",
    ),
    "cloudwatch": (
        f"arn:aws:cloudwatch:*:*:alarm:{ANY}",
        f"arn:aws:cloudwatch:*:*:alarm:TargetTracking-{ANY}",
        "arn:aws:cloudwatch::*:dashboard/*",
    ),
    "ecr": (f"arn:aws:ecr:*:*:repository/{ANY}",),
    "elasticfilesystem": ("arn:aws:elasticfilesystem:*:*:file-system/*",),
    "elasticloadbalancing": (
        BALANCER,
        f"{BALANCING}targetgroup/clini*",
        f"{BALANCING}listener/app/clini*",
        f"{BALANCING}listener-rule/app/clini*",
    ),
    "events": (f"arn:aws:events:*:*:rule/{ANY}",),
    "iam": (
        f"arn:aws:iam::*:role/{ANY}",
        f"arn:aws:iam::*:policy/{ANY}",
        f"arn:aws:iam::*:instance-profile/{ANY}",
    ),
    "kms": ("arn:aws:kms:*:*:key/*",),
    "lambda": (f"arn:aws:lambda:*:*:function:{ANY}",),
    "logs": (LOG_GROUPS,),
    "rds": (
        f"arn:aws:rds:*:*:db:{ANY}",
        f"arn:aws:rds:*:*:es:{ANY}",
        f"arn:aws:rds:*:*:pg:{ANY}",
        f"arn:aws:rds:*:*:subgrp:{ANY}",
        # RDS asks for its own option group too, and for whichever snapshot the operator restores.
        "arn:aws:rds:*:*:og:default*",
        "arn:aws:rds:*:*:snapshot:*",
    ),
    "route53": ("arn:aws:route53:::hostedzone/*",),
    "s3": (f"arn:aws:s3:::{ANY}",),
    "secretsmanager": tuple(
        f"arn:aws:secretsmanager:*:*:secret:{logical_id}-*" for logical_id in SECRETS
    ),
    "sns": (f"arn:aws:sns:*:*:{ANY}",),
    "ssm": (BOOT_LIBRARY,),
    "wafv2": ("arn:aws:wafv2:*:*:regional/webacl/*", BALANCER),
}

UNTAGGED: Mapping[str, frozenset[str]] = {
    "elasticloadbalancing": frozenset(
        f"elasticloadbalancing:{name}"
        for name in ("AddTags", "CreateLoadBalancer", "CreateTargetGroup")
    ),
    "secretsmanager": frozenset({"secretsmanager:CreateSecret", "secretsmanager:TagResource"}),
}
"""Services of which whatever exists must carry CloudFormation's tag (their resource schemas say
``cloudFormationSystemTags``: true), and what makes or tags a thing before it does."""
