"""The embedded endpoint, and a stack in it that has a configuration bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from generator.application.env import fingerprint
from generator.cloud.aws import Aws, connect
from generator.local import Endpoint
from tests.cloud import small
from tests.cloud.conftest import endpoint, new_account, no_credentials_of_this_machine
from tests.cloud.faults import impatient
from tests.conftest import Ended

__all__ = ["endpoint", "no_credentials_of_this_machine"]

DEV = replace(small.nested(), name="dev")
Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with impatient(monkeypatch):
        yield


@pytest.fixture(scope="session")
def deployed(endpoint: Endpoint) -> str:
    """An account in which the environment dev is deployed."""
    name = new_account()
    small.deploy(to(endpoint, name), DEV)
    return name


@pytest.fixture
def account(endpoint: Endpoint, deployed: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same with an empty configuration bucket, and fingerprints that cost nothing."""
    monkeypatch.setitem(fingerprint.COST, "n", 2)
    aws = to(endpoint, deployed)
    told = aws.client("s3").list_object_versions(Bucket=bucket(aws))
    for version in told.get("Versions", []):
        aws.client("s3").delete_object(
            Bucket=bucket(aws), Key=version["Key"], VersionId=version["VersionId"]
        )
    return deployed


def to(endpoint: Endpoint, account: str) -> Aws:
    """A fresh connection."""
    return connect(variables={**endpoint.environment, "AWS_ACCESS_KEY_ID": account})


@pytest.fixture
def aws(endpoint: Endpoint, account: str) -> Aws:
    return to(endpoint, account)


@pytest.fixture
def env(endpoint: Endpoint, account: str, clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`clinic env ...` against the endpoint."""
    for name, value in {**endpoint.environment, "AWS_ACCESS_KEY_ID": account}.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: clinic("env", *arguments)


def bucket(aws: Aws) -> str:
    [name] = [
        found["Name"]
        for found in aws.client("s3").list_buckets()["Buckets"]
        if "configuration" in found["Name"]
    ]
    return str(name)


def keys(aws: Aws) -> list[str]:
    """Keys of all versions in the configuration bucket."""
    told = aws.client("s3").list_object_versions(Bucket=bucket(aws))
    return sorted(version["Key"] for version in told.get("Versions", []))
