"""A stack set and its stacks: where they go, and the operations on them, each seen to its end."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of
from generator.cloud.text import plain
from generator.errors import ClinicError
from generator.report import Report

PAUSE = 5.0
"""Seconds between two questions whether an operation has ended."""
AccountRegion = tuple[str, str]
"""An account and a region."""


@dataclass(frozen=True)
class Targets:
    """Where the stacks go, and how careful the operations are."""

    regions: Sequence[str] = ()
    accounts: Sequence[str] = ()
    """Twelve digits each; with ``ous`` only these of their accounts."""
    ous: Sequence[str] = ()
    """Organizational units (ou-... or r-...): the set is service-managed."""
    max_concurrent: int = 1
    failure_tolerance: int = 0

    def check(self) -> None:
        """ClinicError with what is wrong."""
        for what, names, pattern in (
            ("an account (twelve digits)", self.accounts, r"\d{12}"),
            ("a region such as eu-west-1", self.regions, r"[a-z]{2}(-[a-z]+)+-\d"),
            ("an organizational unit such as ou-ab12-cd34", self.ous, r"(ou|r)-[a-z0-9-]+"),
        ):
            if wrong := [name for name in names if not re.fullmatch(pattern, name)]:
                raise ClinicError(f"{plain(wrong[0])} is not {what}.")
        if self.max_concurrent < 1 or self.failure_tolerance < 0:
            raise ClinicError(
                "--max-concurrent is 1 or more accounts at a time, --failure-tolerance 0 or more."
            )
        if not self.regions or not (self.accounts or self.ous):
            raise ClinicError("give --regions, and --accounts or --ous: a stack goes to each pair.")

    def name(self, account: str, region: str) -> bool:
        """Whether a place is meant; no account or region named means all."""
        return account in (self.accounts or [account]) and region in (self.regions or [region])

    def among(self, accounts: Sequence[str]) -> dict[str, Any]:
        """Some accounts, or all of the units, as the API wants them."""
        if not self.ous:
            return {"Accounts": list(accounts)}
        chosen = {"Accounts": list(accounts), "AccountFilterType": "INTERSECTION"}
        units = {"OrganizationalUnitIds": list(self.ous)}
        return {"DeploymentTargets": units | (chosen if accounts else {})}

    @property
    def preferences(self) -> dict[str, Any]:
        return {
            "MaxConcurrentCount": self.max_concurrent,
            "FailureToleranceCount": self.failure_tolerance,
            "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE",
        }


@dataclass(frozen=True)
class StackSet:
    """One set by name, and the calls that this module makes of it."""

    aws: Aws
    name: str
    targets: Targets
    report: Report
    failed: list[str] = field(default_factory=list)

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        client = self.aws.client("cloudformation")
        try:
            answer: dict[str, Any] = getattr(client, operation)(StackSetName=self.name, **arguments)
        except ClientError as error:
            if code_of(error) not in ("OperationInProgressException", "StaleRequestException"):
                raise
            raise ClinicError(
                f"another operation on the stack set {self.name} is running: wait for its end in "
                "the console, then run the same command again.",
                exit_code=3,
            ) from error
        return answer

    def listed(self, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        pages = self.aws.client("cloudformation").get_paginator(operation)
        for page in pages.paginate(StackSetName=self.name, **arguments):
            yield from page["Summaries"]

    def run(self, title: str, operation: str, **arguments: Any) -> None:
        """Start an operation and wait for its end; what failed in it is remembered."""
        preferences = {"OperationPreferences": self.targets.preferences}
        started = self.call(operation, **arguments, **preferences)["OperationId"]
        self.report.say(f"{title} ...")
        while True:
            response = self.call("describe_stack_set_operation", OperationId=started)
            status = response["StackSetOperation"]["Status"]
            if status not in ("RUNNING", "QUEUED", "STOPPING"):
                break
            time.sleep(PAUSE)
        self.report.say(f"{title}: {status}")
        self.report.tell("operation", title=title, status=status)
        if status != "SUCCEEDED":
            self.failed.append(f"{title}: {status}")
        for result in self.listed("list_stack_set_operation_results", OperationId=started):
            if result["Status"] == "FAILED":
                where = f"{result.get('Account', '')} {result.get('Region', '')}"
                self.failed.append(f"{where}: {plain(result.get('StatusReason', ''))}")

    def instances(self) -> dict[AccountRegion, dict[str, Any]]:
        return {(i["Account"], i["Region"]): i for i in self.listed("list_stack_instances")}
