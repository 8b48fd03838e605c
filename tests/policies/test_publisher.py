"""The publisher changes the site's files and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from generator.policies.publisher import DISTRIBUTION_NAME_TAG

from .decide import is_allowed
from .ours import (
    ARTIFACTS,
    BY_HAND,
    DATABASE,
    DISTRIBUTION,
    OURS,
    ROOT,
    SECRET,
    THROUGH_CLOUDFORMATION,
    bucket,
)

Documents = dict[str, dict[str, Any]]
SITE = BY_HAND | {"aws:ResourceTag/Name": "dev-site"}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudformation:DescribeStacks", ROOT),
        ("s3:ListBucket", bucket("FrontendBucket")),
        ("s3:PutObject", f"{bucket('FrontendBucket')}/assets/index-1a2b.js"),
        ("s3:DeleteObject", f"{bucket('FrontendBucket')}/assets/index-1a2b.js"),
        ("s3:PutObject", "arn:aws:s3:::clinic-prod-frontendbucket-1a2b3c4d5e6f/index.html"),
        ("cloudfront:CreateInvalidation", DISTRIBUTION),
        ("cloudfront:GetInvalidation", DISTRIBUTION),
        ("cloudfront:ListInvalidations", DISTRIBUTION),
    ],
)
def test_the_publisher_may(documents: Documents, action: str, resource: str) -> None:
    assert is_allowed([documents["publisher"]], action, resource, SITE)


@pytest.mark.parametrize(
    ("action", "resource", "changed"),
    [
        ("s3:PutObject", f"{bucket('ConfigurationBucket')}/.env", {}),
        ("s3:GetObject", f"{bucket('ConfigurationBucket')}/.env", {}),
        ("s3:ListBucket", bucket("ConfigurationBucket"), {}),
        ("s3:GetObject", f"{bucket('DocumentsBucket')}/patient.pdf", {}),
        ("s3:PutObject", f"{ARTIFACTS}/root.json", {}),
        ("s3:PutObject", f"{bucket('FrontendBucket')}/x", {"aws:ResourceAccount": "210987654321"}),
        ("s3:PutBucketPolicy", bucket("FrontendBucket"), {}),
        ("cloudfront:UpdateDistribution", DISTRIBUTION, {}),
        ("cloudfront:CreateInvalidation", DISTRIBUTION, {"aws:ResourceTag/Name": "shop"}),
        ("cloudformation:UpdateStack", ROOT, {}),
        ("secretsmanager:GetSecretValue", SECRET, {}),
        ("rds:DescribeDBInstances", DATABASE, {}),
    ],
)
def test_the_publisher_may_not(
    documents: Documents, action: str, resource: str, changed: dict[str, str]
) -> None:
    assert not is_allowed([documents["publisher"]], action, resource, SITE | changed)


def test_cloudformation_lends_the_publisher_no_further_right(documents: Documents) -> None:
    for resource in OURS:
        for action in ("s3:DeleteBucket", "iam:CreateRole", "kms:Decrypt", "ec2:DeleteVpc"):
            assert not is_allowed(
                [documents["publisher"]], action, resource, THROUGH_CLOUDFORMATION
            ), f"{action} on {resource}"


def test_the_distribution_carries_the_tag_that_the_publisher_knows_it_by(
    flat: dict[str, Any],
) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in flat["Distribution"]["Properties"]["Tags"]}
    separator, (environment, suffix) = tags["Name"]["Fn::Join"]
    assert environment == {"Ref": "EnvironmentName"}
    assert f"*{separator}{suffix}" == DISTRIBUTION_NAME_TAG
