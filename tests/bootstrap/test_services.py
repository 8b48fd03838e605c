"""What goes on running after the birth: the rotation of the password and the load metric."""

import os
import signal

import pytest

from generator.checks.resolve import PSEUDO_PARAMETERS

from .cloud import PASSWORD, Call
from .machine import Machine

STACK_MARK = str(PSEUDO_PARAMETERS["AWS::StackId"]).rpartition("-")[2]


def runs(machine: Machine) -> int:
    """How often a container was started."""
    return sum(call.startswith("run") for call in machine.commands("docker"))


def test_a_rotated_password_recreates_the_container(settled: Machine) -> None:
    settled.cloud.secret["password"] = "new&/|\\password"
    assert settled.run("refresh").returncode == 0
    assert "DB_PASSWORD=new&/|\\password\n" in settled.container.read_text()
    assert "JWT_SECRET=jwt-signing-secret\n" in settled.container.read_text()
    assert runs(settled) == 1
    assert "new&/" not in settled.everything_written()


def test_an_unchanged_secret_leaves_the_container_alone(settled: Machine) -> None:
    assert settled.run("refresh").returncode == 0
    assert runs(settled) == 0


def test_an_unreadable_secret_leaves_the_container_alone(settled: Machine) -> None:
    settled.cloud.failures["GetSecretValue"] = [(400, "AccessDeniedException")]
    result = settled.run("refresh")
    assert result.returncode != 0
    assert "secretsmanager answered HTTP 400: AccessDeniedException" in result.stderr
    assert PASSWORD in settled.container.read_text()


def test_a_restart_that_failed_is_tried_again(settled: Machine) -> None:
    settled.cloud.secret["password"] = "rotated"
    settled.note("fail-run")
    assert settled.run("refresh").returncode == 125
    (settled.root / "notes/fail-run").unlink()
    settled.cloud.secret["password"] = "rotated again"
    assert settled.run("refresh").returncode == 0
    assert "DB_PASSWORD=rotated again\n" in settled.container.read_text()


def test_refresh_says_nothing_to_the_stack(settled: Machine) -> None:
    settled.cloud.secret["password"] = "rotated"
    assert settled.run("refresh").returncode == 0
    assert settled.cloud.signals() == []


@pytest.mark.parametrize(("period", "exists"), [("60", False), ("10", True)])
def test_the_metric_service_exists_only_for_ten_seconds(
    machine: Machine, period: str, exists: bool
) -> None:
    machine.run(METRIC_PERIOD=period)
    units = machine.root / "etc/systemd/system"
    assert "OnCalendar=minutely" in (units / "clinic-refresh.timer").read_text()
    enabled = "enable\t--now\tclinic-refresh.timer" + "\tclinic-cpu.service" * exists
    assert machine.commands("systemctl")[-1] == enabled
    assert (units / "clinic-cpu.service").exists() is exists


def metrics(machine: Machine) -> list[Call]:
    """Run the metric service until two points have arrived, under a load of 75 %, then 0."""
    counters = machine.root / "proc/stat"
    counters.write_text("cpu  100 0 0 1000 0 0 0 0 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
    machine.note("hold-sleep")
    with machine.start("publish-cpu", METRIC_PERIOD="10") as service:
        machine.wait_for_text("notes/commands", "sleep\t")
        counters.write_text("cpu  130 5 15 1015 10 5 10 10 0 0\n")
        machine.note("tick")
        machine.cloud.wait_for_calls("PutMetricData", 1)
        counters.write_text("cpu  130 5 15 1115 10 5 10 10 0 0\n")
        machine.note("tick")
        points = machine.cloud.wait_for_calls("PutMetricData", 2)
        os.killpg(service.pid, signal.SIGTERM)
    return points


def test_the_load_is_published_as_a_high_resolution_metric(machine: Machine) -> None:
    first, second = metrics(machine)[:2]
    member = "MetricData.member.1"
    assert first.service == "monitoring"
    assert first.body["Namespace"] == "Clinic/Backend"
    assert first.body[f"{member}.MetricName"] == "CPUUtilization"
    assert first.body[f"{member}.StorageResolution"] == "1"
    assert first.body[f"{member}.Unit"] == "Percent"
    assert first.body[f"{member}.Dimensions.member.1.Name"] == "Environment"
    assert first.body[f"{member}.Dimensions.member.1.Value"] == STACK_MARK
    assert first.body[f"{member}.Value"] == "75.0"
    assert second.body[f"{member}.Value"] == "0.0"


def test_an_unknown_subcommand_is_refused(machine: Machine) -> None:
    result = machine.run("reboot")
    assert result.returncode == 2
    assert result.stderr == "Usage: clinic-backend [boot | refresh | publish-cpu | wake]\n"
