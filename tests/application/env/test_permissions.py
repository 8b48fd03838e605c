"""The releaser's policy allows every call without --reveal, the revealer's those with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator import policies
from generator.application.env import diff, show
from generator.application.env.check import check
from generator.application.env.push import push
from generator.cloud.aws import Aws
from generator.local import Endpoint
from generator.report import Report
from tests.policies.decide import is_allowed
from tests.policies.ours import BY_HAND, KEY, ROOT, bucket

from .conftest import to
from .files import GOOD, PARAMS, write

RELEASER, REVEALER = (policies.documents()[name] for name in ("releaser", "revealer"))
CONFIGURATION = bucket("ConfigurationBucket")
THROUGH_S3 = BY_HAND | {
    "kms:ViaService": "s3.eu-west-1.amazonaws.com",
    "kms:EncryptionContext:aws:s3:arn": CONFIGURATION,
}
RIGHTS = {
    "DescribeStacks": "cloudformation:DescribeStacks",
    "ListStackResources": "cloudformation:ListStackResources",
    "ListObjectVersions": "s3:ListBucketVersions",
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
}
"""Operations by the right that each needs."""

Call = tuple[str, str]


def watched(endpoint: Endpoint, account: str, calls: set[Call]) -> Aws:
    """A connection that notes the right and the resource of each call."""
    aws = to(endpoint, account)

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        # Whoever has credentials may ask whose they are.
        if model.name == "GetCallerIdentity":
            return
        key = params.get("Key")
        resource = ROOT if "Bucket" not in params else CONFIGURATION
        calls.add((RIGHTS[model.name], f"{resource}/{key}" if key else resource))

    aws.session.events.register("provide-client-params.*", note)
    return aws


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path, GOOD)


def test_the_releaser_may_push_compare_and_show(
    endpoint: Endpoint, account: str, path: Path
) -> None:
    calls = set[Call]()
    aws, checked = watched(endpoint, account, calls), check(path, PARAMS)
    for _ in range(2):
        push(aws, "clinic-dev", checked, Report())
    diff.diff(aws, "clinic-dev", checked, Report(), shown=False)
    diff.last_push(aws, "clinic-dev", Report())
    show.show(aws, "clinic-dev", Report(), shown=False)
    assert len(calls) == 5
    for action, resource in calls:
        assert is_allowed([RELEASER], action, resource, BY_HAND), f"{action} on {resource}"
    assert is_allowed([RELEASER], "kms:GenerateDataKey", KEY, THROUGH_S3)
    assert is_allowed([RELEASER], RIGHTS["ListStackResources"], ROOT, BY_HAND)


def test_the_revealer_may_see_values_and_the_releaser_may_not(
    endpoint: Endpoint, account: str, path: Path
) -> None:
    calls = set[Call]()
    checked = check(path, PARAMS)
    push(to(endpoint, account), "clinic-dev", checked, Report())
    aws = watched(endpoint, account, calls)
    diff.diff(aws, "clinic-dev", checked, Report(), shown=True)
    show.show(aws, "clinic-dev", Report(), shown=True)
    for action, resource in calls:
        assert is_allowed([REVEALER], action, resource, BY_HAND), f"{action} on {resource}"
    assert ("s3:GetObject", f"{CONFIGURATION}/.env") in calls
    assert is_allowed([REVEALER], "kms:Decrypt", KEY, THROUGH_S3)
    assert not is_allowed([RELEASER], "s3:GetObject", f"{CONFIGURATION}/.env", BY_HAND)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:PutObject", f"{CONFIGURATION}/.env"),
        ("s3:GetObject", f"{bucket('DocumentsBucket')}/patient.pdf"),
        ("s3:GetObject", f"{CONFIGURATION}/other"),
        ("kms:GenerateDataKey", KEY),
    ],
)
def test_the_revealer_may_do_nothing_else(action: str, resource: str) -> None:
    assert not is_allowed([REVEALER], action, resource, THROUGH_S3)
