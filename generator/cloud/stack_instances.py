"""A stack set and its stacks: where they go, and the operations on them, each seen to its end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypedDict, TypeVar

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of
from generator.cloud.text import plain
from generator.errors import ClinicError
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        DeploymentTargetsTypeDef,
        StackInstanceSummaryTypeDef,
        StackSetOperationPreferencesTypeDef,
    )

Answer = TypeVar("Answer")
PAUSE = 5.0
"""Seconds between two questions whether an operation has ended."""
AccountRegion = tuple[str, str]
"""An account and a region."""


class Accounts(TypedDict, total=False):
    """The accounts of an operation in CloudFormation's own words: one of both."""

    Accounts: list[str]
    DeploymentTargets: DeploymentTargetsTypeDef


class Started(TypedDict):
    """What the answer to a start says."""

    OperationId: str


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

    def among(self, accounts: Sequence[str]) -> Accounts:
        """Some accounts, or all of the units, as the API wants them."""
        if not self.ous:
            return {"Accounts": list(accounts)}
        units: DeploymentTargetsTypeDef = {"OrganizationalUnitIds": list(self.ous)}
        if accounts:
            units |= {"Accounts": list(accounts), "AccountFilterType": "INTERSECTION"}
        return {"DeploymentTargets": units}

    @property
    def preferences(self) -> StackSetOperationPreferencesTypeDef:
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

    @property
    def cloudformation(self) -> CloudFormationClient:
        return self.aws.client("cloudformation")

    def call(self, operation: Callable[[], Answer]) -> Answer:
        """What ``operation`` answers. ClinicError (3) while another one on the set is running."""
        try:
            return operation()
        except ClientError as error:
            if code_of(error) not in ("OperationInProgressException", "StaleRequestException"):
                raise
            raise ClinicError(
                f"another operation on the stack set {self.name} is running: wait for its end in "
                "the console, then run the same command again.",
                exit_code=3,
            ) from error

    def run(self, title: str, start: Callable[[], Started]) -> None:
        """Start an operation and wait for its end; what failed in it is remembered."""
        started = self.call(start)["OperationId"]
        self.report.say(f"{title} ...")
        ask = self.cloudformation.describe_stack_set_operation
        while True:
            response = self.call(partial(ask, StackSetName=self.name, OperationId=started))
            status = response["StackSetOperation"]["Status"]
            if status not in ("RUNNING", "QUEUED", "STOPPING"):
                break
            time.sleep(PAUSE)
        self.report.say(f"{title}: {status}")
        self.report.tell("operation", title=title, status=status)
        if status != "SUCCEEDED":
            self.failed.append(f"{title}: {status}")
        pages = self.cloudformation.get_paginator("list_stack_set_operation_results")
        for page in pages.paginate(StackSetName=self.name, OperationId=started):
            for result in page["Summaries"]:
                if result["Status"] == "FAILED":
                    where = f"{result.get('Account', '')} {result.get('Region', '')}"
                    self.failed.append(f"{where}: {plain(result.get('StatusReason', ''))}")

    def instances(self) -> dict[AccountRegion, StackInstanceSummaryTypeDef]:
        pages = self.cloudformation.get_paginator("list_stack_instances")
        return {
            (one["Account"], one["Region"]): one
            for page in pages.paginate(StackSetName=self.name)
            for one in page["Summaries"]
        }
