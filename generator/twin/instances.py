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
from generator.twin import docker, wiring
from generator.twin.balancer import Balancer
from generator.twin.certificates import Authority
from generator.twin.deployed import Deployed
from generator.twin.image import Image
from generator.twin.metadata import Known, Metadata
from generator.twin.names import hosts
from generator.twin.network import Network
from generator.twin.services import Identity, Services
from generator.twin.wiring import Interface

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import ResponseLaunchTemplateDataTypeDef

QUICK = {"RETRY_SECONDS": "1", "POLL_SECONDS": "0.3", "SHIP_SECONDS": "1"}
"""Settings of the boot with the waits between two questions shortened."""
POLL = 0.2
FOLLOW = 1.0
"""Seconds between two looks at what the group has."""


@dataclass
class Instance:
    """One running instance."""

    id: str
    interface: Interface
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
class Instances:
    """The instances of the group, kept as the endpoint says."""

    aws: Aws
    deployed: Deployed
    network: Network
    services: Services
    metadata: Metadata
    balancer: Balancer
    authority: Authority
    image: Image
    settings: Mapping[str, str]
    running: dict[str, Instance] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)
    """Those that run and are to be terminated."""
    begun: int = 0
    reconciling: threading.Lock = field(default_factory=threading.Lock)
    """Held while the group is compared with what runs: several threads ask for it."""

    def wanted(self) -> dict[str, str]:
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
            wanted = self.wanted()
            for one in set(self.running) - set(wanted) - self.leaving:
                self.leaving.add(one)
                threading.Thread(target=self._leave, args=(one, drain), daemon=True).start()
            for instance, version in wanted.items():
                if instance not in self.running:
                    self.launch(instance, version)

    def follow(self) -> None:
        """From now on do what the group says, as Auto Scaling does."""
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while True:
            time.sleep(FOLLOW)
            if set(self.wanted()) != set(self.running) - self.leaving:
                self.reconcile()

    def settled(self) -> bool:
        """Whether exactly the group's instances run, and all of them are healthy targets."""
        health = self.balancer.health()
        wanted = set(self.wanted())
        return set(self.running) - self.leaving == wanted and all(
            health.get(one) == "healthy" for one in wanted
        )

    def alone(self) -> bool:
        """Whether the group's instances are all that run, and healthy targets."""
        return not self.leaving and self.settled()

    def _leave(self, instance: str, drain: float | None) -> None:
        """Terminate one that the group no longer has, as soon as all that it has are healthy: a
        new one serves before an old one goes."""
        while self.balancer.health().get(instance) == "healthy" and not self.settled():
            time.sleep(POLL)
        self.terminate(instance, drain)
        self.leaving.discard(instance)

    def launch(self, instance: str, version: str) -> None:
        """Start an instance and register it with the balancer."""
        data = self._launch_data(version)
        resolved = wiring.launch(self.deployed)
        interface = wiring.instance(self.deployed, self.network.wiring, self.begun, instance)
        self.begun += 1
        self.network.attach(interface)
        folder = self.authority.folder.parent / "instances" / instance
        folder.mkdir(parents=True)
        (folder / "user-data").write_bytes(base64.b64decode(data["UserData"]))
        names = hosts(self.deployed, self.network.wiring, interface.subnet)
        (folder / "hosts").write_text(names)
        shutil.copy(self.authority.bundle, folder / "ca-bundle.crt")
        (folder / "settings").write_text("".join(f"{k}={v}\n" for k, v in self.settings.items()))
        self._binds(folder)
        role, key = self._role(resolved), "ASIA" + secrets.token_hex(8).upper()
        options = resolved.get("MetadataOptions", {})
        known = Known(instance, interface.address, options, role, key)
        self.metadata.instances[interface.address] = known
        self.services.identities[key] = Identity(instance, role)
        process = _start(interface.name, folder)
        self.running[instance] = Instance(instance, interface, folder, process, key)
        self.balancer.register(instance, interface.address)

    def terminate(self, instance: str, drain: float | None = None) -> None:
        """Drain an instance for as long as the balancer says, or ``drain`` seconds, then end it."""
        ending = self.running[instance]
        self.balancer.deregister(instance)
        time.sleep(self.balancer.drain if drain is None else drain)
        self.balancer.forget(instance)
        self.crash(instance)
        self.running.pop(instance)
        self.services.identities.pop(ending.key, None)
        self.metadata.instances.pop(ending.interface.address, None)
        self.network.detach(ending.interface)

    def crash(self, instance: str) -> None:
        """End an instance without a word to anybody."""
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
        name, _ = self.deployed.the("AWS::AutoScaling::AutoScalingGroup")
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
        return str(profiles[self.deployed.named(reference)]["Roles"][0])

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
