"""A twin of which nothing runs but what a test gives it."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from generator.twin import network_plan
from generator.twin.counters import Decision
from generator.twin.instances import RunningInstance
from tests.twin.planned import planned


@dataclass
class FakeTwin:
    """What State reads of a twin; the group, its processes and target health are the test's."""

    folder: Path
    env: Any = field(default_factory=lambda: SimpleNamespace(name="seed"))
    group: list[str] = field(default_factory=list)
    """Ids that the Auto Scaling group has."""
    health: dict[str, str] = field(default_factory=dict)
    packets: Counter[Decision] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.deployed = planned("seed")
        wired = network_plan.read(self.deployed)
        counters = SimpleNamespace(total=lambda: self.packets)
        self.network = SimpleNamespace(plan=wired, counters=counters)
        self.instances = SimpleNamespace(running={})
        self.balancer = SimpleNamespace(health=lambda: dict(self.health))
        self.cdn = SimpleNamespace(host="site.example", folder=self.folder)
        self.aws = SimpleNamespace(client=lambda service: self)
        (self.folder / "access.log").touch()

    def describe_auto_scaling_groups(self) -> dict[str, Any]:
        """The only group, as the API says it."""
        sizes = {"MinSize": 2, "DesiredCapacity": len(self.group), "MaxSize": 4}
        instances = [{"InstanceId": each} for each in self.group]
        return {"AutoScalingGroups": [{**sizes, "Instances": instances}]}

    @contextmanager
    def launch(self, name: str, program: str = "sleep 60") -> Iterator[RunningInstance]:
        """A process as an instance; its user data has not ended."""
        folder = self.folder / name
        folder.mkdir()
        number = len(self.instances.running)
        interface = network_plan.instance(self.deployed, self.network.plan, number, name)
        with subprocess.Popen(["sh", "-c", program]) as process:
            made = RunningInstance(name, interface, folder, process, "")
            self.instances.running[name] = made
            self.health[name] = "initial"
            try:
                yield made
            finally:
                process.kill()
