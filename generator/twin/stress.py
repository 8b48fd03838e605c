"""What becomes of requests during a change: a new .env, a crash, more and fewer instances."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from generator.errors import ClinicError
from generator.twin.load import Load
from generator.twin.namespaces import SCRATCH
from generator.twin.twin import Twin

SLACK = 30.0
"""Seconds that may go by beyond what the templates and timers say."""
SERVING = "readlink /var/lib/clinic-backend/backend.env"
NAMES = "docker ps --all --filter name=backend --format '{{.Names}}'"
BEFORE, AFTER = 3.0, 5.0
"""Seconds of load around each change."""


def _fail(sentence: str) -> ClinicError:
    return ClinicError(sentence, exit_code=1)


def _until(what: str, seconds: float, test: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            raise _fail(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.3)


def _none_lost(load: Load, what: str) -> str:
    if load.lost:
        raise _fail(f"{what}: {load.summary()}")
    return f"{what}: {load.summary()}"


def _new_env(twin: Twin) -> str:
    """Every instance takes it up with a new container; the old one is drained and goes."""
    file = SCRATCH / "new.env"
    file.write_bytes(twin.choices.env_file + f"TWIN_MARK={time.time():.0f}\n".encode())
    before = {one.id: one.run(SERVING) for one in twin.instances.running.values()}
    with Load(twin) as load:
        time.sleep(BEFORE)
        ended = twin.clinic("env", "push", twin.env.name, str(file))
        if ended.returncode:
            raise _fail(f"env push ended with {ended.returncode}: {ended.stderr.strip()[-300:]}")
        limit = 2 * twin.choices.minute + 70 + SLACK

        def switched() -> bool:
            # A drained container is gone.
            return all(
                one.run(SERVING) != before[one.id] and len(one.run(NAMES).split()) == 1
                for one in twin.instances.running.values()
            )

        _until("the switch of every instance", limit, switched)
        time.sleep(AFTER)
    return _none_lost(load, f"a new .env on {len(before)} instances")


def _scaling(twin: Twin) -> str:
    """From the least number of instances to the most, and back."""
    groups = twin.aws.client("autoscaling")
    [group] = groups.describe_auto_scaling_groups()["AutoScalingGroups"]
    least, most = int(group["MinSize"]), int(group["MaxSize"])
    with Load(twin) as load:
        for count in (most, least):
            groups.set_desired_capacity(
                AutoScalingGroupName=group["AutoScalingGroupName"], DesiredCapacity=count
            )
            twin.instances.reconcile()
            _until(f"a group of {count}", twin.balancer.drain + SLACK, partial(_has, twin, count))
            twin.instances.wait(300)
            time.sleep(AFTER)
    return _none_lost(load, f"from {least} to {most} instances and back")


def _has(twin: Twin, count: int) -> bool:
    return len(twin.instances.running) == count


def _crash(twin: Twin) -> str:
    """One instance ends without a word: failures stay within the health checks' time."""
    [given] = [
        twin.deployed.of_type("AWS::ElasticLoadBalancingV2::TargetGroup")[name]
        for name in list(twin.balancer.groups)[:1]
    ]
    interval = twin.balancer.interval
    limit = interval * (int(given.get("UnhealthyThresholdCount", 2)) + 1)
    limit += float(given.get("HealthCheckTimeoutSeconds", 5))
    victim = next(iter(twin.instances.running))
    with Load(twin) as load:
        time.sleep(BEFORE)
        twin.instances.crash(victim)
        time.sleep(limit + AFTER)
    late = [one for one in load.lost if one.at > BEFORE + limit]
    if late:
        raise _fail(f"a crash is felt for longer than {limit:.0f} s: {load.summary()}")
    return f"a crash is over within {limit:.0f} s: {load.summary()}"


LOADED: dict[str, Callable[[Twin], str]] = {
    "new .env": _new_env,
    "scaling": _scaling,
    "crash": _crash,
}
"""Everything that is tried under load."""
