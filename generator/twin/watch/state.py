"""What the page shows, read from the running twin when it asks."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.checks.diagram.derive import derive
from generator.twin.counters import Decision
from generator.twin.instances import RunningInstance
from generator.twin.twin import Twin
from generator.twin.watch import usage
from generator.twin.watch.requests import Requests

FRESH = 0.9
"""Seconds for which a state is given to all who ask."""
KEPT = 60.0
"""Seconds for which an instance that is no more is shown."""
POINTS = 300
LAUNCHING, BOOTING, FAILED, DRAINING = "launching", "booting", "failed", "draining"
IN_SERVICE, UNHEALTHY, TERMINATED = "in service", "unhealthy", "terminated"


def state_of(instance: RunningInstance, health: str) -> str:
    """An instance's state in words: by its user data, then by its target health."""
    if health == DRAINING:
        return DRAINING
    if instance.process.poll() is not None:
        return TERMINATED
    status = instance.status
    if status:
        return FAILED
    if status is None:
        return BOOTING
    return IN_SERVICE if health == "healthy" else BOOTING if health == "initial" else UNHEALTHY


@dataclass
class WatchState:
    """The state of a twin, with what has to be remembered between two looks."""

    twin: Twin
    requests: Requests
    history: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=POINTS))
    """Seconds since the twin stands, CPU and instances in service of every look."""
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Instances of the last look by id."""
    ended: dict[str, float] = field(default_factory=dict)
    """When an instance was first missing, by id."""
    used: tuple[float, dict[str, float]] = (0.0, {})
    """When CPU seconds were read last, and what they were by instance id."""
    last: dict[str, Any] = field(default_factory=dict)
    made: float = 0.0
    begun: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        made = derive(self.twin.deployed.view)
        self.zones = {one.id: one.zone for one in made.subnets}
        self.parts = {kind: next(made.of_kind(kind)).id for kind in ("cdn", "balancer")}

    def now(self) -> dict[str, Any]:
        """The state of now, or of less than a second ago."""
        with self.lock:
            if time.monotonic() - self.made > FRESH:
                self.last = self._read()
                self.made = time.monotonic()
            return self.last

    def _read(self) -> dict[str, Any]:
        self.requests.read()
        cpu = self._cpu()
        group = self._group()
        instances = self._instances(group.pop("instances"), cpu)
        running = [one["cpu"] for one in instances if one["cpu"] is not None]
        average = round(sum(running) / len(running), 1) if running else None
        serving = sum(one["state"] == IN_SERVICE for one in instances)
        at = round(time.monotonic() - self.begun, 1)
        self.history.append({"at": at, "cpu": average, "in_service": serving})
        return {
            "environment": self.twin.env.name,
            "site": self.twin.cdn.host,
            "parts": self.parts,
            "instances": instances,
            "group": {**group, "in_service": serving},
            "scaling": {**self._scaling(), "average": average, "history": list(self.history)},
            "requests": self.requests.state(time.time()),
            "packets": self._packets(),
        }

    def _cpu(self) -> dict[str, float | None]:
        """Percent of this machine's processors since the last look, by instance id."""
        before, known = self.used
        at, running = time.monotonic(), dict(self.twin.instances.running)
        by_pid = usage.seconds(one.process.pid for one in running.values())
        now = {name: by_pid[one.process.pid] for name, one in running.items()}
        self.used = at, now
        whole = (at - before) * (os.cpu_count() or 1) / 100
        return {
            name: round(max(0.0, used - known[name]) / whole, 1) if name in known else None
            for name, used in now.items()
        }

    def _group(self) -> dict[str, Any]:
        groups = self.twin.aws.client("autoscaling").describe_auto_scaling_groups()
        [group] = groups["AutoScalingGroups"]
        return {
            "part": self.twin.deployed.only("AWS::AutoScaling::AutoScalingGroup")[0],
            "minimum": group["MinSize"],
            "desired": group["DesiredCapacity"],
            "maximum": group["MaxSize"],
            "instances": [one["InstanceId"] for one in group["Instances"]],
        }

    def _instances(
        self, desired: list[str], cpu: Mapping[str, float | None]
    ) -> list[dict[str, Any]]:
        running, health = dict(self.twin.instances.running), self.twin.balancer.health()
        now = {
            name: self._row(one, health.get(name, ""), cpu.get(name))
            for name, one in running.items()
        }
        for name in desired:
            empty = {"subnet": "", "zone": "", "address": "", "health": "", "cpu": None}
            now.setdefault(name, {"id": name, "state": LAUNCHING, **empty})
        at = time.monotonic()
        for name in set(self.shown) - set(now):
            if at - self.ended.setdefault(name, at) < KEPT:
                gone = {"state": TERMINATED, "health": "", "cpu": None}
                now[name] = {**self.shown[name], **gone}
        self.shown = now
        return list(now.values())

    def _row(self, one: RunningInstance, health: str, cpu: float | None) -> dict[str, Any]:
        subnet = self.twin.network.plan.subnets[one.interface.subnet].name
        return {
            "id": one.id,
            "state": state_of(one, health),
            "subnet": subnet,
            "zone": self.zones.get(subnet, ""),
            "address": one.interface.address,
            "health": health,
            "cpu": cpu,
        }

    def _scaling(self) -> dict[str, Any]:
        """The metric and the target of the group's policy; empty where it has none."""
        for policy in self.twin.deployed.of_type("AWS::AutoScaling::ScalingPolicy").values():
            if configuration := policy.get("TargetTrackingConfiguration"):
                metric = configuration.get("PredefinedMetricSpecification", {}).get(
                    "PredefinedMetricType"
                )
                if not metric:
                    metrics = configuration["CustomizedMetricSpecification"]["Metrics"]
                    [metric] = [m["MetricStat"]["Metric"]["MetricName"] for m in metrics]
                return {"metric": metric, "target": float(configuration["TargetValue"])}
        return {"metric": "", "target": None}

    def _packets(self) -> dict[str, Any]:
        """First packets of connections, by the rule that let them through or the place that
        dropped them."""
        allowed: dict[str, int] = {}
        dropped: dict[str, int] = {}
        for decision, count in self.twin.network.counters.total().items():
            rows = allowed if decision.rule else dropped
            words = self._words(decision)
            rows[words] = rows.get(words, 0) + count
        return {
            name: [{"rule": words, "packets": count} for words, count in _most(rows)]
            for name, rows in (("allowed", allowed), ("dropped", dropped))
        }

    def _words(self, decision: Decision) -> str:
        """A rule as a person reads it, or where no rule matched."""
        rule = decision.rule
        if not decision.owner:
            return "internet gateway: no public address"
        if not rule:
            return f"{decision.owner}: {'outbound' if decision.out else 'inbound'}, no rule"
        names = self.twin.network.plan.groups
        group, peer = names.get(rule.group, rule.group), names.get(rule.peer, rule.peer)
        span = f"{rule.first}" if rule.first == rule.last else f"{rule.first}-{rule.last}"
        what = "all" if rule.protocol == "-1" else f"{rule.protocol} {span}"
        return f"{group}: {what} {'to' if rule.egress else 'from'} {peer}"


def _most(rows: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(rows.items(), key=lambda one: (-one[1], one[0]))
