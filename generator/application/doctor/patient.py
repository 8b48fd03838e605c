"""An instance with all that is known of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from generator.cloud import witness
from generator.cloud.aws import Aws, explain
from generator.cloud.text import plain
from generator.cloud.witness import Target

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import InstanceTypeDef
    from mypy_boto3_cloudwatch.type_defs import MetricTypeDef

POLICY = "observer"
"""What the doctor reads with."""
LINES = 5000
"""How much of the end of a log is read: more than the longest step of a boot, a docker build."""
CREDIT_MINUTES = 30
"""How far back a credit balance is looked for; EC2 tells one every five minutes."""
STEP = re.compile(r"--- (?!DEPLOYMENT FAILED)[A-Z].* ---")
FAILED = re.compile(r"--- DEPLOYMENT FAILED: .* ---")
DONE = "--- DEPLOYMENT COMPLETED ---"
STARTS = re.compile(r"Starting Nest application")

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Patient:
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
    def well(self) -> bool:
        """Whether the balancer says that it serves."""
        return self.target is not None and self.target.state == "healthy"

    @property
    def step(self) -> list[str]:
        """The boot log from the step on that it is in, ended in or failed in."""
        starts = [n for n, line in enumerate(self.boot) if STEP.fullmatch(line.strip())]
        return list(self.boot[starts[-1] if starts else 0 :])

    @property
    def failed(self) -> bool:
        """Whether its boot has failed; such an instance lacks its services even if it serves."""
        return any(FAILED.fullmatch(line.strip()) for line in self.step)

    @property
    def booting(self) -> bool:
        """Whether its boot is in some step, and has neither failed nor ended."""
        step = next(iter(self.step), "").strip()
        return bool(STEP.fullmatch(step)) and step != DONE and not self.failed

    @property
    def last_run(self) -> list[str]:
        """The backend's log since its last start."""
        starts = [n for n, line in enumerate(self.container) if STARTS.search(line)]
        # What node says before the program runs (a missing module) has no such line.
        return list(self.container[starts[-1] if starts else 0 :])

    @property
    def starts(self) -> int:
        return sum(bool(STARTS.search(line)) for line in self.container)


def ask(what: str, question: Callable[[], Answer], unread: list[str], instead: Answer) -> Answer:
    """The answer, or what stands for it and a note why it could not be had."""
    try:
        return question()
    except (BotoCoreError, ClientError) as error:
        unread.append(f"{what} cannot be read: {plain(explain(error, POLICY))}")
        return instead


def meet(
    aws: Aws, told: InstanceTypeDef, target: Target | None, log_group: str, standard: bool
) -> Patient:
    """The patient of an instance as its group tells of it."""
    name, unread = told["InstanceId"], list[str]()

    def log(stream: str) -> list[str]:
        whole = f"{name}/{stream}"
        if not log_group:
            return []
        question = partial(witness.log_end, aws, log_group, whole, LINES)
        return ask(f"the log {whole}", question, unread, list[str]())

    boot = log("boot")
    console = list[str]()
    if not boot and not (target and target.state == "healthy"):
        console = ask("the console", lambda: witness.console(aws, name)[-LINES:], unread, console)
    return Patient(
        id=name,
        lifecycle=told["LifecycleState"],
        boot=boot,
        container=log("backend"),
        console=console,
        target=target,
        credits=ask("CPU credits", lambda: credits(aws, name), unread, None),
        standard=standard,
        unread=unread,
    )


def credits(aws: Aws, instance: str) -> float | None:
    """The newest CPU credit balance; None for types that have none, and in the first minutes."""
    metric: MetricTypeDef = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUCreditBalance",
        "Dimensions": [{"Name": "InstanceId", "Value": instance}],
    }
    now = datetime.now(UTC)
    told = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {"Id": "credits", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Minimum"}}
        ],
        StartTime=now - timedelta(minutes=CREDIT_MINUTES),
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    values = [float(v) for data in told["MetricDataResults"] for v in data.get("Values", [])]
    return values[0] if values else None
