"""The Auto Scaling group: the endpoint's instances, each boots its launch template's user data."""

from __future__ import annotations

import base64
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.cloud.aws import Aws
from generator.errors import ClinicError
from generator.twin import docker, network_plan
from generator.twin.balancer import Balancer
from generator.twin.certificates import Authority
from generator.twin.deployed import DeployedStack
from generator.twin.image import Image
from generator.twin.metadata import InstanceMetadata, Metadata
from generator.twin.names import hosts
from generator.twin.network import VpcNetwork
from generator.twin.network_plan import NetworkInterface
from generator.twin.services import Caller, Services

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import ResponseLaunchTemplateDataTypeDef

QUICK = {"RETRY_SECONDS": "1", "POLL_SECONDS": "0.3", "SHIP_SECONDS": "1"}
"""Settings of the boot with the waits between two questions shortened."""
POLL = 0.2
FOLLOW = 1.0
"""Seconds between two descriptions of the group."""


@dataclass
class RunningInstance:
    """One running instance."""

    id: str
    interface: NetworkInterface
    folder: Path
    process: subprocess.Popen[bytes]
    key: str

    @property
    def status(self) -> int | None:
        """The exit code of its user data; None while it runs."""
        path = self.folder / "exit"
        return int(path.read_text()) if path.exists() else None

    def run(self, command: str) -> str:
        """What a command on the instance prints, as by Session Manager."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        inside = children.read_text().split()[0]
        enter = ["nsenter", "-t", inside, "-m", "-p", "-n", "chroot", str(self.folder / "root")]
        ended = subprocess.run(
            [*enter, "bash", "-c", command], capture_output=True, text=True, check=False
        )
        return ended.stdout + ended.stderr


@dataclass
class AutoScalingGroup:
    """The running instances, kept as the endpoint's Auto Scaling group has them."""

    aws: Aws
    deployed: DeployedStack
    network: VpcNetwork
    services: Services
    metadata: Metadata
    balancer: Balancer
    authority: Authority
    image: Image
    settings: Mapping[str, str]
    running: dict[str, RunningInstance] = field(default_factory=dict)
    terminating: set[str] = field(default_factory=set)
    """Ids of running instances that are being terminated."""
    launched: int = 0
    reconciling: threading.Lock = field(default_factory=threading.Lock)
    """Held while the group is compared with what runs: several threads ask for it."""

    def desired_versions(self) -> dict[str, str]:
        """Launch template versions by instance id, as the endpoint has them."""
        groups = self.aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        return {
            one["InstanceId"]: (one.get("LaunchTemplate") or group["LaunchTemplate"])["Version"]
            for group in groups
            for one in group["Instances"]
        }

    def reconcile(self, drain: float | None = None) -> None:
        """Launch what the group has and does not run; terminate what it no longer has."""
        with self.reconciling:
            desired = self.desired_versions()
            for one in set(self.running) - set(desired) - self.terminating:
                self.terminating.add(one)
                threading.Thread(
                    target=self._terminate_when_replaced, args=(one, drain), daemon=True
                ).start()
            for instance, version in desired.items():
                if instance not in self.running:
                    self.launch(instance, version)

    def follow(self) -> None:
        """Reconcile in a thread whenever the group's instances change, as Auto Scaling does."""
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while True:
            time.sleep(FOLLOW)
            if set(self.desired_versions()) != set(self.running) - self.terminating:
                self.reconcile()

    def all_healthy(self) -> bool:
        """Whether exactly the group's instances run, and all of them are healthy targets."""
        health = self.balancer.health()
        desired = set(self.desired_versions())
        return set(self.running) - self.terminating == desired and all(
            health.get(one) == "healthy" for one in desired
        )

    def is_stable(self) -> bool:
        """Whether the group's instances are all that run, and healthy targets."""
        return not self.terminating and self.all_healthy()

    def _terminate_when_replaced(self, instance: str, drain: float | None) -> None:
        """Terminate one that the group no longer has, as soon as all that it has are healthy: a
        new one serves before an old one goes."""
        while self.balancer.health().get(instance) == "healthy" and not self.all_healthy():
            time.sleep(POLL)
        self.terminate(instance, drain)
        self.terminating.discard(instance)

    def launch(self, instance: str, version: str) -> None:
        """Start an instance and register it with the balancer."""
        data = self._launch_data(version)
        resolved = network_plan.launch(self.deployed)
        interface = network_plan.instance(self.deployed, self.network.plan, self.launched, instance)
        self.launched += 1
        self.network.attach(interface)
        folder = self.authority.folder.parent / "instances" / instance
        folder.mkdir(parents=True)
        (folder / "user-data").write_bytes(base64.b64decode(data["UserData"]))
        names = hosts(self.deployed, self.network.plan, interface.subnet)
        (folder / "hosts").write_text(names)
        shutil.copy(self.authority.bundle, folder / "ca-bundle.crt")
        (folder / "settings").write_text("".join(f"{k}={v}\n" for k, v in self.settings.items()))
        self._binds(folder)
        role, key = self._role(resolved), "ASIA" + secrets.token_hex(8).upper()
        options = resolved.get("MetadataOptions", {})
        known = InstanceMetadata(instance, interface.address, options, role, key)
        self.metadata.instances[interface.address] = known
        self.services.identities[key] = Caller(instance, role)
        process = _start(interface.name, folder)
        self.running[instance] = RunningInstance(instance, interface, folder, process, key)
        self.balancer.register(instance, interface.address)

    def terminate(self, instance: str, drain: float | None = None) -> None:
        """Drain an instance for as long as the balancer says, or ``drain`` seconds, then end it."""
        ending = self.running[instance]
        self.balancer.deregister(instance)
        time.sleep(self.balancer.drain if drain is None else drain)
        self.balancer.remove(instance)
        self.crash(instance)
        self.running.pop(instance)
        self.services.identities.pop(ending.key, None)
        self.metadata.instances.pop(ending.interface.address, None)
        self.network.detach(ending.interface)

    def crash(self, instance: str) -> None:
        """Kill an instance without deregistering it."""
        process = self.running[instance].process
        process.kill()
        process.wait()

    def wait(self, seconds: float) -> dict[str, str]:
        """Target health by instance once all are booted and healthy.

        ClinicError (1) with the boot's last lines if one fails, or after ``seconds``.
        """
        end = time.monotonic() + seconds
        while True:
            health = self.balancer.health()
            statuses = {name: one.status for name, one in self.running.items()}
            for name, status in statuses.items():
                if status:
                    raise ClinicError(self._why(name, f"exit {status}"), exit_code=1)
            if set(statuses.values()) == {0} and set(health.values()) == {"healthy"}:
                return health
            if time.monotonic() > end:
                slow = next(n for n in statuses if statuses[n] != 0 or health[n] != "healthy")
                raise ClinicError(self._why(slow, health.get(slow, "unknown")), exit_code=1)
            time.sleep(POLL)

    def _why(self, instance: str, what: str) -> str:
        log = self.running[instance].folder / "root/var/log/user-data.log"
        shown = self.running[instance].run("cat /var/log/user-data.log") or log.name
        return f"instance {instance} did not get healthy ({what}): {shown.strip()[-800:]}"

    def _launch_data(self, version: str) -> ResponseLaunchTemplateDataTypeDef:
        name, _ = self.deployed.only("AWS::AutoScaling::AutoScalingGroup")
        group = self.deployed.of_type("AWS::AutoScaling::AutoScalingGroup")[name]
        template = group["LaunchTemplate"]["LaunchTemplateId"]
        versions = self.aws.client("ec2").describe_launch_template_versions(
            LaunchTemplateId=template, Versions=[version]
        )
        return versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]

    def _role(self, data: Mapping[str, Any]) -> str:
        profile = data.get("IamInstanceProfile", {})
        reference = profile.get("Arn") or profile.get("Name")
        if not reference:
            return ""
        profiles = self.deployed.of_type("AWS::IAM::InstanceProfile")
        return str(profiles[self.deployed.logical_id(reference)]["Roles"][0])

    def _binds(self, folder: Path) -> None:
        image = folder / "image"
        image.mkdir()
        (image / "image.json").write_text(self.image.json())
        if self.image.archive:
            (folder / "docker").write_text(docker.handed_over(self.image.archive))
        shared = self.authority.folder.parent / "documents"
        shared.mkdir(exist_ok=True)
        binds = {str(shared): "/var/lib/twin/documents", **self.image.binds}
        (folder / "binds").write_text("".join(f"{a} {b}\n" for a, b in binds.items()))


def _start(namespace: str, folder: Path) -> subprocess.Popen[bytes]:
    with (
        as_file(files("generator.twin") / "instance") as own,
        (folder / "machine.log").open("ab") as log,
    ):
        own_namespaces = ["unshare", "-mpf", "--kill-child", "--propagation", "private"]
        program = ["bash", str(own / "start.sh"), str(folder), str(own / "programs")]
        return subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{namespace}", *own_namespaces, *program],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
