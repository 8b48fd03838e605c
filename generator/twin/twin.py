"""One environment, stood up: every part in its order."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from socket import socket
from typing import Any

from generator.cloud.aws import Aws, connect
from generator.cloud.deploy import DeployOptions, deploy
from generator.cloud.environment import Environment
from generator.local.endpoint import Endpoint, embedded_endpoint
from generator.model.view import View
from generator.report import Report
from generator.twin import (
    balancer,
    cdn,
    certificates,
    database,
    deployed,
    metadata,
    wiring,
)
from generator.twin.balancer import Balancer
from generator.twin.cdn import Cdn
from generator.twin.certificates import Authority
from generator.twin.database import Database
from generator.twin.deployed import Deployed
from generator.twin.image import Image
from generator.twin.instances import QUICK, Instances
from generator.twin.names import hosts
from generator.twin.namespaces import SCRATCH, listener, run
from generator.twin.network import Network
from generator.twin.refresh import Refreshes
from generator.twin.rotation import Rotation
from generator.twin.services import Services
from generator.twin.wiring import FILES

PACE = 0.05
"""Seconds between two looks at the endpoint while it deploys."""
NFS = 2049
HEALTH = (
    "<DescribeTargetHealthResponse "
    'xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">'
    "<DescribeTargetHealthResult><TargetHealthDescriptions>{rows}</TargetHealthDescriptions>"
    "</DescribeTargetHealthResult></DescribeTargetHealthResponse>"
)
DRAIN = 70
"""DRAIN_SECONDS of bootstrap/main.sh."""
QUICK_CHECKS = 1.0
"""Seconds between two health checks of the balancer's, where waits are shortened."""


@dataclass(frozen=True)
class Choices:
    """What whoever stands it up may choose."""

    image: Image
    env_file: bytes
    """The backend's .env."""
    quick: bool = False
    """Whether the waits between two questions are shortened."""
    minute: float = 60.0
    """Length of a minute in seconds, for what systemd's timers do."""
    params: Path = Path("params")
    """The folder of the parameter files."""
    door: int = 0
    """A listening socket of the host's, as a file descriptor: the browser's way in."""


@dataclass
class Twin:
    """What stands."""

    env: Environment
    choices: Choices
    endpoint: Endpoint
    aws: Aws
    deployed: Deployed
    network: Network
    authority: Authority
    services: Services
    database: Database
    balancer: Balancer
    cdn: Cdn
    instances: Instances
    rotation: Rotation
    signals: list[tuple[str, str]] = field(default_factory=list)
    """Instance and status of every signal to the stack."""
    seconds: dict[str, float] = field(default_factory=dict)

    def operator(self) -> dict[str, str]:
        """The variables of somebody outside who works with this account by AWS's real names."""
        left = {"AWS_ENDPOINT_URL", "AWS_PROFILE"}
        mine = {name: value for name, value in os.environ.items() if name not in left}
        own = {k: v for k, v in self.endpoint.environment.items() if k != "AWS_ENDPOINT_URL"}
        bundle = str(self.authority.bundle)
        trust = dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), bundle)
        return {**mine, **own, **trust, "AWS_EC2_METADATA_DISABLED": "true"}

    def outside(self, command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program where a visitor or an operator is."""
        return subprocess.run(
            ["nsenter", "--net=/run/netns/client", *command],
            env=self.operator(),
            text=True,
            check=False,
            **options,
        )

    def clinic(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of our own commands for an environment there."""
        params = ["--params", str(self.choices.params)]
        command = [sys.executable, "-m", "generator", *arguments, *params]
        return self.outside(command, capture_output=True)


@contextmanager
def stand_up(env: Environment, view: View, choices: Choices, report: Report) -> Iterator[Twin]:
    """Deploy ``env`` to an endpoint of its own and build all that it describes around that.

    Only inside of `namespaces.own_world`. ClinicError as soon as a part does not stand.
    """
    begun = time.monotonic()
    seconds: dict[str, float] = {}

    def step(what: str) -> None:
        seconds[what] = round(time.monotonic() - begun, 1)
        report.say(f"{seconds[what]:6.1f} s  {what}")
        report.tell("stands", what=what, seconds=seconds[what])

    with embedded_endpoint() as endpoint:
        aws = connect(variables=endpoint.environment)
        with redirect_stdout(StringIO()):  # people came for what stands then
            deploy(aws, env, DeployOptions(yes=True, pace=PACE, outlives=False))
        step("stack")
        made = deployed.read(aws, view, env.stack, endpoint.account)
        network = Network(wiring.read(made))
        network.start()
        step("network")
        authority = certificates.create(SCRATCH / "certificates")
        _resolve_names(made, network)
        front, imds = Services(endpoint, made, aws.region), metadata.Metadata()
        front.start(authority)
        imds.start()
        step("AWS's services")
        kept = [listener(one.name, one.address, NFS) for one in network.wiring.of_kind(FILES)]
        data = database.start(made, network.wiring, authority)
        step("database")
        checks = QUICK_CHECKS if choices.quick else 0
        nodes = balancer.start(made, network.wiring, authority, checks, choices.minute)
        step("balancer")
        edge = cdn.start(made, network.wiring, authority, choices.door)
        step("CDN")
        settings = {
            **(QUICK if choices.quick else {}),
            "TWIN_MINUTE": str(choices.minute),
            "DRAIN_SECONDS": f"{DRAIN * choices.minute / 60:g}",
        }
        fleet = Instances(
            aws, made, network, front, imds, nodes, authority, choices.image, settings
        )
        rotation = Rotation(front, made, data, authority.bundle)
        stands = (endpoint, aws, made, network, authority, front, data, nodes, edge, fleet)
        twin = Twin(env, choices, *stands, rotation)
        twin.seconds = seconds
        _overlay(twin)
        rotation.install()
        Refreshes(front, fleet).install()
        bucket = made.outputs["ConfigurationBucketName"]
        aws.client("s3").put_object(Bucket=bucket, Key=".env", Body=choices.env_file)
        fleet.reconcile()
        step("instances launched")
        yield twin
        _close(kept)


def _resolve_names(made: Deployed, network: Network) -> None:
    """This mount namespace's own /etc/hosts: AWS's names lead into the twin."""
    path = SCRATCH / "hosts"
    path.write_text(hosts(made, network.wiring))
    run(["mount", "--bind", str(path), "/etc/hosts"])


def _overlay(twin: Twin) -> None:
    """Answer what only the twin knows."""

    def signal(form: Mapping[str, str]) -> tuple[int, str]:
        twin.signals.append((form["UniqueId"], form["Status"]))
        return 200, "<SignalResourceResponse/>"

    def health(form: Mapping[str, str]) -> tuple[int, str]:
        rows = "".join(
            f"<member><TargetHealth><State>{state}</State></TargetHealth>"
            f"<Target><Id>{instance}</Id></Target></member>"
            for instance, state in twin.balancer.health().items()
        )
        return 200, HEALTH.format(rows=rows)

    twin.services.overlays["cloudformation:SignalResource"] = signal
    twin.services.overlays["elasticloadbalancing:DescribeTargetHealth"] = health


def _close(sockets: Sequence[socket]) -> None:
    for one in sockets:
        one.close()
