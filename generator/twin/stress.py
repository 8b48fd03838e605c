"""What becomes of requests during a change: settings, password, image, number of instances."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from generator.errors import ClinicError
from generator.twin.instances import RunningInstance
from generator.twin.load import RequestLoad
from generator.twin.namespaces import SCRATCH
from generator.twin.twin import Twin

SLACK = 90.0
"""Seconds that may go by beyond what the templates and timers say."""
SERVING = "readlink /var/lib/clinic-backend/backend.env"
NAMES = "docker ps --all --filter name=backend --format '{{.Names}}'"
BEFORE, AFTER = 3.0, 5.0
"""Seconds of load around each change."""
NEXT, SICK = "docker.io/clinic/backend:next", "docker.io/clinic/backend:sick"
"""Images that are released: one with the same backend, and one that never answers."""
SILENT = ["node", "-e", "setInterval(() => {}, 1000)"]
HEALTHY_WITHIN = 10.0
"""Seconds that a new instance of a release gets, where waits are shortened; 90 otherwise."""


def _fail(sentence: str) -> ClinicError:
    return ClinicError(sentence, exit_code=1)


def _until(what: str, seconds: float, test: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            raise _fail(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.3)


def _none_lost(load: RequestLoad, what: str) -> str:
    if load.lost:
        raise _fail(f"{what}: {load.summary()}")
    return f"{what}: {load.summary()}"


def _new_env(twin: Twin) -> str:
    """Every instance takes it up with a new container; the old one is drained and goes."""
    file = SCRATCH / "new.env"
    file.write_bytes(twin.options.env_file + f"TWIN_MARK={time.time():.0f}\n".encode())
    with RequestLoad(twin) as load:
        time.sleep(BEFORE)
        before = _serving(twin)
        _succeeds(twin, "env", "push", twin.env.name, str(file))
        _switched(twin, before)
    return _none_lost(load, f"a new .env on {len(before)} instances")


def _rotation(twin: Twin) -> str:
    """The templates' function makes a new password; every container gets a user of the new one."""
    if twin.rotation.schedule is None:
        return "nothing rotates the password (PasswordRotationDays is 0)"
    old = twin.aws.client("secretsmanager").get_secret_value(SecretId=_secret(twin))
    with RequestLoad(twin) as load:
        time.sleep(BEFORE)
        before = _serving(twin)
        twin.rotation.rotate()
        new = twin.aws.client("secretsmanager").get_secret_value(SecretId=_secret(twin))
        if new["SecretString"] == old["SecretString"]:
            raise _fail("the rotation left the password as it was")
        _switched(twin, before)
    return _none_lost(load, f"a new password on {len(before)} instances")


def _secret(twin: Twin) -> str:
    schedule = twin.rotation.schedule
    assert schedule
    return str(schedule["SecretId"])


def _serving(twin: Twin) -> dict[str, str]:
    """The settings of the container that serves, by instance."""
    return {one.id: one.run(SERVING) for one in _running(twin)}


def _switched(twin: Twin, before: Mapping[str, str]) -> None:
    """Wait until every instance serves with another container, and the one before is gone."""

    def done() -> bool:
        return all(
            one.run(SERVING) != before[one.id] and len(one.run(NAMES).split()) == 1
            for one in _running(twin)
        )

    minutes = 2 + 70 / 60
    try:
        _until("the switch of every instance", minutes * twin.options.minute + SLACK, done)
    except ClinicError as late:
        logs = [one.run("tail -n 6 /var/log/user-data.log") for one in _running(twin)]
        raise _fail(f"{late}: {' / '.join(log.strip() for log in logs)}") from late
    time.sleep(AFTER)


def _running(twin: Twin) -> list[RunningInstance]:
    return list(twin.instances.running.values())


def _succeeds(twin: Twin, *words: str) -> None:
    ended = twin.clinic(*words)
    if ended.returncode:
        message = (ended.stderr.strip() or ended.stdout.strip())[-400:]
        raise _fail(f"{' '.join(words[:2])} ended with {ended.returncode}: {message}")


def _release(twin: Twin) -> str:
    """Every instance is replaced by one of another image, while the site is asked."""
    before = set(twin.instances.running)
    with RequestLoad(twin) as load:
        time.sleep(BEFORE)
        _succeeds(twin, "release", twin.env.name, "--image", NEXT, "--yes")
        _until(
            "the end of the old instances", twin.balancer.drain + SLACK, twin.instances.is_stable
        )
        if left := before & set(twin.instances.running):
            raise _fail(f"{', '.join(sorted(left))} was not replaced")
        time.sleep(AFTER)
    return _none_lost(load, f"a release to {len(twin.instances.running)} new instances")


def _turned_back(twin: Twin) -> str:
    """A backend that does not get healthy takes no request, and what ran before runs again."""
    fleet = twin.instances
    fleet.image = replace(fleet.image, others={SICK: SILENT})
    limit = HEALTHY_WITHIN if twin.options.quick else 90.0
    words = ["release", twin.env.name, "--image", SICK, "--yes", "--healthy-within", f"{limit:g}"]
    with RequestLoad(twin) as load:
        time.sleep(BEFORE)
        ended = twin.clinic(*words)
        if ended.returncode != 1 or "rolled back" not in ended.stderr:
            raise _fail(f"it ended with {ended.returncode}: {ended.stderr.strip()[-400:]}")
        _until("the end of the bad instance", twin.balancer.drain + SLACK, fleet.is_stable)
        time.sleep(AFTER)
    return _none_lost(load, "a release that does not get healthy, turned back")


def _scaling(twin: Twin) -> str:
    """From the least number of instances to the most, and back."""
    groups = twin.aws.client("autoscaling")
    [group] = groups.describe_auto_scaling_groups()["AutoScalingGroups"]
    least, most = int(group["MinSize"]), int(group["MaxSize"])
    with RequestLoad(twin) as load:
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
    """One instance ends without a word: where others serve, failures stay within the health checks'
    time."""
    [window] = [
        twin.deployed.of_type("AWS::ElasticLoadBalancingV2::TargetGroup")[name]
        for name in list(twin.balancer.groups)[:1]
    ]
    interval = twin.balancer.interval
    limit = interval * (int(window.get("UnhealthyThresholdCount", 2)) + 1)
    limit += float(window.get("HealthCheckTimeoutSeconds", 5))
    victim = next(iter(twin.instances.running))
    with RequestLoad(twin) as load:
        time.sleep(BEFORE)
        twin.instances.crash(victim)
        time.sleep(limit + AFTER)
    if len(twin.instances.running) == 1:
        return f"nobody serves until the only instance is replaced: {load.summary()}"
    late = [one for one in load.lost if one.at > BEFORE + limit]
    if late:
        raise _fail(f"a crash is felt for longer than {limit:.0f} s: {load.summary()}")
    return f"a crash is over within {limit:.0f} s: {load.summary()}"


LOADED: dict[str, Callable[[Twin], str]] = {
    "new .env": _new_env,
    "rotation": _rotation,
    "release": _release,
    "release turned back": _turned_back,
    "scaling": _scaling,
    "crash": _crash,
}
"""Everything that is tried under load."""
