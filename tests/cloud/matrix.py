"""Every call of a deployment times every fault: python -m tests.cloud.matrix [--whole].

Walks a creation and an update of two layers, or with ``--whole`` of the whole nested set, and
prints how each call took each fault. Exits with 1 if a second run ever left something wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from botocore.loaders import create_loader

from generator.cloud.aws import Aws, connect
from generator.cloud.environment import Environment, load
from generator.errors import ClinicError
from generator.layers.secrets import SECRETS
from generator.layers.storage import STORAGE
from generator.local import Endpoint, embedded_endpoint

from . import small
from .faults import FAULTS, Fault, Outcome, impatient, walk
from .outcomes import quietly, show

LOADER = create_loader()
PACE = 0.08
"""A run asks three or four times how far it is; every such call is one to be broken."""
Pair = tuple[Environment | None, Environment]
"""What is there before, and what a run deploys."""


def pairs(whole: bool = False) -> dict[str, Pair]:
    """A creation and an update; the update adds to the set and changes a parameter."""
    if whole:
        wanted = load("dev", Path("params"))
        before = wanted.with_values(LogRetentionDays="30")
    else:
        wanted = small.nested(SECRETS, STORAGE)
        before = replace(small.nested(SECRETS, publish=()), values={"EnvironmentName": "before"})
    return {"create": (None, wanted), "update": (before, wanted)}


class Scene:
    """Accounts in which a pair is walked."""

    accounts = count(400_000_000_000)

    def __init__(self, endpoint: Endpoint, pair: Pair) -> None:
        self.endpoint, (self.before, self.wanted) = endpoint, pair
        self.kept: dict[str, str] = {}

    def connect(self, account: str) -> Aws:
        aws = connect(variables={**self.endpoint.environment, "AWS_ACCESS_KEY_ID": account})
        # Each connection would read the descriptions of the services anew: half of a run's time.
        aws.session._session.register_component("data_loader", LOADER)
        return aws

    def prepare(self, aws: Aws) -> None:
        self.kept = {}
        if self.before:
            quietly(lambda: small.deploy(aws, self.before))
            self.kept = self.resources(aws)

    def run(self, aws: Aws) -> None:
        quietly(lambda: small.deploy(aws, self.wanted, pace=PACE))

    def resources(self, aws: Aws) -> dict[str, str]:
        """What holds data, by path."""
        kinds = ("AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::RDS::DBInstance")
        told = small.resources(aws, self.wanted.stack)
        return {r.path: r.physical for r in told if r.type in kinds}

    def check(self, aws: Aws) -> str:
        """What is not as after a run without faults."""
        client, stack = aws.client("cloudformation"), self.wanted.stack
        state = small.status(aws, stack)
        sets = client.list_change_sets(StackName=stack)["Summaries"]
        waiting = [s["ChangeSetName"] for s in sets if s.get("ExecutionStatus") == "AVAILABLE"]
        there = self.resources(aws)
        buckets = {told["Name"] for told in aws.client("s3").list_buckets()["Buckets"]}
        orphans = {name for name in buckets - set(there.values()) if "-artifacts-" not in name}
        found = small.parameters(aws, stack)
        wanted = self.wanted.parameters(found.get("TemplateBaseUrl", ""))
        wrong = {
            f"the stack is in {state}": state not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"),
            f"change sets are left: {waiting}": bool(waiting),
            f"buckets are orphaned: {orphans}": bool(orphans),
            f"data was lost: {self.kept}": not self.kept.items() <= there.items(),
            f"the parameters are {found}": found != wanted,
        }
        return "; ".join(sentence for sentence, is_wrong in wrong.items() if is_wrong)

    def walk(self, faults: Callable[[int], Sequence[Fault]]) -> Iterator[Outcome]:
        def fresh() -> str:
            return str(next(self.accounts))

        return walk(
            fresh, self.connect, self.prepare, self.run, self.check, faults, ended=ClinicError
        )


def main(whole: bool) -> int:
    wrong = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        impatient(patch),
        embedded_endpoint() as endpoint,
    ):
        for name, pair in pairs(whole).items():
            outcomes = list(Scene(endpoint, pair).walk(lambda number: FAULTS))
            wrong += show(name, outcomes)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main("--whole" in sys.argv[1:]))
