"""A viewer reaches a distribution of any account, and it reads its bucket as its policy says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from generator.application.smoke.ask import Answer, Way, ask
from generator.cloud.aws import connect
from generator.cloud.stacks import find
from generator.layers.edge import EDGE, FRONTEND_BUCKET, SITE_URL
from generator.local import Endpoint, embedded_endpoint
from tests.cloud import small
from tests.cloud.conftest import new_account

Ask = Callable[..., Answer]
PAGE = b"<!doctype html><html></html>"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with embedded_endpoint() as running:
        yield running


@pytest.fixture(scope="module")
def site(endpoint: Endpoint) -> tuple[Any, str, Ask]:
    """The connection, the bucket, and a way to ask the distribution."""
    aws = connect(variables={**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()})
    given = {name.title: "x" for name in EDGE.needs if "Default" not in name.properties}
    secret = aws.client("secretsmanager").create_secret(
        Name="origin", SecretString='{"value": "x"}'
    )
    given["OriginVerifySecretArn"] = secret["ARN"]
    env = small.flat(EDGE, publish=(SITE_URL, FRONTEND_BUCKET), **given)
    # Its listener is the balancer's, and there is none here.
    made = env.documents["flat.json"]["Resources"]
    del made["OriginVerifyRule"], made["Distribution"]["Metadata"]
    small.deploy(aws, env)
    stack = find(aws, env.stack)
    assert stack
    served, host = urlsplit(endpoint.url), urlsplit(stack.outputs["SiteUrl"]).hostname or ""
    way = Way(host, 443, through=(served.hostname or "", served.port or 0))
    return aws, stack.outputs["FrontendBucketName"], lambda path: ask(way, path)


HAS_NODE = bool(shutil.which("node"))
"""What runs the distribution's function, without which the endpoint serves no page."""


def test_a_distribution_serves_its_bucket_and_says_what_is_missing(
    site: tuple[Any, str, Ask],
) -> None:
    aws, bucket, get = site
    assert not HAS_NODE or get("/").status == 404
    aws.client("s3").put_object(Bucket=bucket, Key="index.html", Body=PAGE)
    assert not HAS_NODE or get("/").body == get("/pacientes").body == PAGE
    assert not HAS_NODE or get("/assets/none.js").status == 404


def test_without_the_policy_it_reads_nothing_and_knows_nothing(site: tuple[Any, str, Ask]) -> None:
    aws, bucket, get = site
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="index.html", Body=PAGE)
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=bucket)
    assert not HAS_NODE or get("/").status == get("/assets/none.js").status == 403
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert not HAS_NODE or get("/").status == 200
