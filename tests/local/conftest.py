"""One embedded endpoint for the folder, and an account of its own for each test."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from generator.local import Endpoint, embedded_endpoint
from tests.local.templates import Template

_accounts = itertools.count(600_000_000_000)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    with embedded_endpoint() as running:
        yield running


@pytest.fixture
def account() -> str:
    """An account in which nobody has been."""
    return str(next(_accounts))


@pytest.fixture
def aws(endpoint: Endpoint, account: str) -> Callable[..., Any]:
    """A client of the endpoint: aws(service, account, region)."""

    def client(service: str, account: str = account, region: str = "us-east-1") -> Any:
        make: Callable[..., Any] = boto3.client
        return make(
            service,
            region_name=region,
            endpoint_url=endpoint.url,
            aws_access_key_id=account,
            aws_secret_access_key=endpoint.environment["AWS_SECRET_ACCESS_KEY"],
        )

    return client


class Stacks:
    """Stacks at the endpoint, by name, as a person with the console would see them."""

    def __init__(self, aws: Callable[..., Any]) -> None:
        self.api = aws("cloudformation")
        self.store = aws("s3")
        self.bucket = "templates-" + aws("sts").get_caller_identity()["Account"]
        self.store.create_bucket(Bucket=self.bucket)

    def put(self, template: Template) -> str:
        """Upload a template under a key made of its content; its URL."""
        body = json.dumps(template)
        key = hashlib.sha256(body.encode()).hexdigest()
        self.store.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"https://s3.us-east-1.amazonaws.com/{self.bucket}/{key}"

    def change(self, name: str, kind: str, url: str, given: dict[str, str]) -> dict[str, Any]:
        """The description of a new change set."""
        made = self.api.create_change_set(
            StackName=name,
            ChangeSetName=f"change-{time.time_ns()}",
            ChangeSetType=kind,
            TemplateURL=url,
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        result: dict[str, Any] = self.api.describe_change_set(ChangeSetName=made["Id"])
        return result

    def run(self, name: str, kind: str, url: str, **given: str) -> dict[str, Any]:
        """Execute a change set; the stack once it rests."""
        change = self.change(name, kind, url, given)
        self.api.execute_change_set(ChangeSetName=change["ChangeSetId"])
        return self.rest(change["StackId"])

    def create(self, name: str, template: Template, **given: str) -> dict[str, Any]:
        return self.run(name, "CREATE", self.put(template), **given)

    def update(self, name: str, template: Template, **given: str) -> dict[str, Any]:
        return self.run(name, "UPDATE", self.put(template), **given)

    def made(self, name: str, template: Template, **given: str) -> dict[str, str]:
        """The outputs of a stack that was created without a complaint."""
        stack = self.create(name, template, **given)
        assert stack["StackStatus"] == "CREATE_COMPLETE", self.events(name)
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def gone(self, name: str) -> None:
        """Delete a stack without a complaint."""
        stack = self.rest(name)["StackId"]
        assert self.delete(stack)["StackStatus"] == "DELETE_COMPLETE", self.events(stack)

    def delete(self, stack: str) -> dict[str, Any]:
        self.api.delete_stack(StackName=stack)
        return self.rest(stack)

    def rest(self, stack: str) -> dict[str, Any]:
        while True:
            result: dict[str, Any] = self.api.describe_stacks(StackName=stack)["Stacks"][0]
            if not result["StackStatus"].endswith("_IN_PROGRESS"):
                return result
            time.sleep(0.02)

    def physical(self, stack: str, logical_id: str) -> str:
        result = self.api.describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
        resource: str = result["StackResourceDetail"]["PhysicalResourceId"]
        return resource

    def events(self, stack: str) -> list[tuple[str, str, str]]:
        """(resource, status, reason), oldest first."""
        result = self.api.describe_stack_events(StackName=stack)["StackEvents"]
        return [
            (e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason", ""))
            for e in reversed(result)
        ]

    def reason(self, stack: str, logical_id: str, status: str) -> str:
        """Why a resource came to that status first."""
        return next(
            reason
            for name, state, reason in self.events(stack)
            if (name, state) == (logical_id, status)
        )


@pytest.fixture
def stacks(aws: Callable[..., Any]) -> Stacks:
    return Stacks(aws)
