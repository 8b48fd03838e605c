"""One environment, stood up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from generator.checks import view
from generator.cloud.aws import Aws, connect
from generator.cloud.deploy import Wishes, deploy
from generator.cloud.environment import Environment
from generator.cloud.progress import Report
from generator.local.endpoint import Endpoint, embedded_endpoint
from generator.twin import deployed, wiring
from generator.twin.deployed import Deployed
from generator.twin.network import Network

PACE = 0.05
"""Seconds between two looks at the endpoint."""


@dataclass
class Twin:
    """What stands, and how long each part took."""

    endpoint: Endpoint
    aws: Aws
    deployed: Deployed
    network: Network
    seconds: dict[str, float] = field(default_factory=dict)


@contextmanager
def stand_up(env: Environment, params: Path, report: Report) -> Iterator[Twin]:
    """Deploy ``env`` to an endpoint of its own and build its network around it."""
    begun = time.monotonic()
    seconds: dict[str, float] = {}

    def step(what: str) -> None:
        seconds[what] = round(time.monotonic() - begun, 1)
        report.tell("stands", what=what, seconds=seconds[what])

    with embedded_endpoint() as endpoint:
        aws = connect(given=endpoint.environment)
        quiet = Report(brief=True)
        deploy(aws, env, Wishes(yes=True, report=quiet, pace=PACE, outlives=False))
        step("stack")
        made = deployed.read(aws, view.load(env.name, params), env.stack, endpoint.account)
        network = Network(wiring.read(made))
        network.start()
        for number, one in enumerate(_instances(aws)):
            network.attach(wiring.instance(made, network.wiring, number, one))
        step("network")
        yield Twin(endpoint, aws, made, network, seconds)


def _instances(aws: Aws) -> list[str]:
    groups = aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return [one["InstanceId"] for group in groups for one in group["Instances"]]
