"""The publisher's policy allows every call that a publication makes, and no other is made."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from generator import policies
from generator.application.publish.publish import Wishes, publish
from generator.cloud.aws import connect
from tests.policies.decide import is_allowed
from tests.policies.ours import BY_HAND, DISTRIBUTION, ROOT, bucket

from .proxy import Proxy, running
from .sites import STACK, Frontend, build, write

OBJECT = f"{bucket('FrontendBucket')}/assets/index-DiwrgTda.js"
RIGHTS = {
    "CreateInvalidation": ("cloudfront:CreateInvalidation", DISTRIBUTION),
    "DeleteObjects": ("s3:DeleteObject", OBJECT),
    "DescribeStacks": ("cloudformation:DescribeStacks", ROOT),
    "GetInvalidation": ("cloudfront:GetInvalidation", DISTRIBUTION),
    "GetObject": ("s3:GetObject", OBJECT),
    "HeadObject": ("s3:GetObject", OBJECT),
    "ListInvalidations": ("cloudfront:ListInvalidations", DISTRIBUTION),
    "ListObjectsV2": ("s3:ListBucket", bucket("FrontendBucket")),
    "PutObject": ("s3:PutObject", OBJECT),
}
"""The right that each call needs, and on what."""
CONTEXT = BY_HAND | {"aws:ResourceTag/Name": "dev-site"}


def test_the_publishers_policy_allows_every_call_and_each_is_made(
    site: Frontend, given: dict[str, str], tmp_path: Path
) -> None:
    old, new = write(tmp_path / "old", build("A")), write(tmp_path / "new", build("B"))
    wishes = Wishes(keep=timedelta(0))
    with running(Proxy(given["AWS_ENDPOINT_URL"].removeprefix("http://"))) as proxy:
        aws = connect(variables={**given, "AWS_ENDPOINT_URL": proxy.url})
        for dist in (old, new, new):
            publish(lambda: aws, STACK, dist, wishes)
    assert {name.split()[0] for name in proxy.calls} == set(RIGHTS)
    document = policies.documents()["publisher"]
    for action, resource in RIGHTS.values():
        assert is_allowed([document], action, resource, CONTEXT), action
