"""What is known of one instance: its logs, its console, its target health, its CPU credits."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from generator.cloud import backend
from generator.cloud.aws import Aws, explain
from generator.cloud.backend import Target
from generator.cloud.text import plain

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import InstanceTypeDef
    from mypy_boto3_cloudwatch.type_defs import (
        MetricDataQueryTypeDef,
        MetricStatTypeDef,
        MetricTypeDef,
    )

POLICY = "observer"
"""The policy of output/policies/ whose rights are enough for all of this."""
LINES = 5000
"""How much of the end of a log is read: more than the longest step of a boot, a docker build."""
LOG_CALLS_A_SECOND = 20
"""CloudWatch Logs takes 25 GetLogEvents a second in an account and region (its page of quotas)."""
QUERIES_A_CALL = 500
"""The most that GetMetricData takes."""
CREDIT_MINUTES = 30
"""How far back a credit balance is looked for; EC2 publishes one every five minutes."""
STEP = re.compile(r"--- (?!DEPLOYMENT FAILED)[A-Z].* ---")
FAILED = re.compile(r"--- DEPLOYMENT FAILED: .* ---")
DONE = "--- DEPLOYMENT COMPLETED ---"
STARTS = re.compile(r"Starting Nest application")

Result = TypeVar("Result")


@dataclass(frozen=True)
class InstanceState:
    """One instance; every text is what the machine or a service wrote."""

    id: str
    lifecycle: str = "InService"
    """Of the group: Pending, InService, Terminating, ..."""
    boot: Sequence[str] = ()
    """The end of its boot log."""
    container: Sequence[str] = ()
    """The end of the backend's log."""
    console: Sequence[str] = ()
    """The end of its serial console; only asked for when there is no boot log."""
    target: Target | None = None
    credits: float | None = None
    """CPU credits that are left."""
    standard: bool = False
    """Whether it is slowed down without them."""
    unread: list[str] = field(default_factory=list)
    """What could not be asked for, and why."""

    @property
    def is_healthy(self) -> bool:
        """Whether the balancer says that it serves."""
        return self.target is not None and self.target.state == "healthy"

    @property
    def step(self) -> list[str]:
        """The boot log from the step on that it is in, ended in or failed in."""
        starts = [n for n, line in enumerate(self.boot) if STEP.fullmatch(line.strip())]
        return list(self.boot[starts[-1] if starts else 0 :])

    @property
    def has_failed(self) -> bool:
        """Whether its boot has failed; such an instance lacks its services even if it serves."""
        return any(FAILED.fullmatch(line.strip()) for line in self.step)

    @property
    def is_booting(self) -> bool:
        """Whether its boot is in some step, and has neither failed nor ended."""
        step = next(iter(self.step), "").strip()
        return bool(STEP.fullmatch(step)) and step != DONE and not self.has_failed

    @property
    def last_run(self) -> list[str]:
        """The backend's log since its last start."""
        starts = [n for n, line in enumerate(self.container) if STARTS.search(line)]
        # What node says before the program runs (a missing module) has no such line.
        return list(self.container[starts[-1] if starts else 0 :])

    @property
    def starts(self) -> int:
        return sum(bool(STARTS.search(line)) for line in self.container)


class Pace:
    """Lets at most ``rate`` calls a second begin, over all threads."""

    def __init__(self, rate: float) -> None:
        self._interval, self._next, self._lock = 1 / rate, 0.0, Lock()

    def wait(self) -> None:
        with self._lock:
            begin = max(time.monotonic(), self._next)
            self._next = begin + self._interval
        time.sleep(max(0.0, begin - time.monotonic()))


def read_or_note(
    what: str, read: Callable[[], Result], unread: list[str], instead: Result
) -> Result:
    """What ``read`` returns; where AWS refuses, ``instead`` and a line in ``unread``."""
    try:
        return read()
    except (BotoCoreError, ClientError) as error:
        unread.append(f"{what} cannot be read: {plain(explain(error, POLICY))}")
        return instead


def gather(
    aws: Aws, member: InstanceTypeDef, target: Target | None, log_group: str, log_calls: Pace
) -> InstanceState:
    """The logs and the console of ``member``, an instance as its group describes it."""
    name, unread = member["InstanceId"], list[str]()

    def log(stream: str) -> list[str]:
        whole = f"{name}/{stream}"
        if not log_group:
            return []
        log_calls.wait()
        read = partial(backend.log_end, aws, log_group, whole, LINES)
        return read_or_note(f"the log {whole}", read, unread, list[str]())

    boot = log("boot")
    console = list[str]()
    if not boot and not (target and target.state == "healthy"):
        read = partial(backend.console, aws, name)
        console = read_or_note("the console", read, unread, console)[-LINES:]
    return InstanceState(
        id=name,
        lifecycle=member["LifecycleState"],
        boot=boot,
        container=log("backend"),
        console=console,
        target=target,
        unread=unread,
    )


def credits(aws: Aws, instances: Sequence[str]) -> dict[str, float]:
    """The newest CPU credit balance by instance id, for those that have one: types without
    credits have none, and no instance has one in its first minutes."""
    balances: dict[str, float] = {}
    now = datetime.now(UTC)
    for start in range(0, len(instances), QUERIES_A_CALL):
        batch = instances[start : start + QUERIES_A_CALL]
        response = aws.client("cloudwatch").get_metric_data(
            MetricDataQueries=[_balance(n, instance) for n, instance in enumerate(batch)],
            StartTime=now - timedelta(minutes=CREDIT_MINUTES),
            EndTime=now,
            ScanBy="TimestampDescending",
        )
        for data in response["MetricDataResults"]:
            for value in data.get("Values", [])[:1]:
                balances[batch[int(data["Id"].removeprefix("credits"))]] = float(value)
    return balances


def _balance(number: int, instance: str) -> MetricDataQueryTypeDef:
    metric: MetricTypeDef = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUCreditBalance",
        "Dimensions": [{"Name": "InstanceId", "Value": instance}],
    }
    statistic: MetricStatTypeDef = {"Metric": metric, "Period": 300, "Stat": "Minimum"}
    return {"Id": f"credits{number}", "MetricStat": statistic}
