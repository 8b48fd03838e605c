"""What goes on running after the birth: the load metric and the services."""

import os
import signal

import pytest

from generator.model.resolve import PSEUDO_PARAMETERS

from .cloud import Call
from .machine import Machine

STACK_MARK = str(PSEUDO_PARAMETERS["AWS::StackId"]).rpartition("-")[2]


@pytest.mark.parametrize(("period", "exists"), [("60", False), ("10", True)])
def test_the_metric_service_exists_only_for_ten_seconds(
    machine: Machine, period: str, exists: bool
) -> None:
    machine.run(METRIC_PERIOD=period)
    units = machine.root / "etc/systemd/system"
    assert "OnCalendar=minutely" in (units / "clinic-refresh.timer").read_text()
    enabled = "enable\t--now\tclinic-refresh.timer\tclinic-route.service"
    enabled += "\tclinic-cpu.service" * exists
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
    assert result.stderr == "Usage: clinic-backend [boot | refresh | publish-cpu | wake | route]\n"
