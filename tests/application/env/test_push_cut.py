"""A push that is cut at any call is finished by the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.application.env.check import load_checked
from generator.application.env.deployed import bucket_of, look
from generator.application.env.push import push
from generator.cloud.aws import Aws, explained
from generator.errors import ClinicError
from generator.local import Endpoint
from generator.report import Report
from tests.cloud.faults import FAULTS, Fault, Wire

from .conftest import keys, to
from .files import GOOD, PARAMS, write

BROKEN = [fault for fault in FAULTS if fault.name in ("connection cut", "denied")]
CALLS = (
    *("DescribeStacks", "GetCallerIdentity", "ListObjectVersions"),
    *("GetObject", "PutObject", "PutObject"),
)


@explained()
def pushed(aws: Aws, path: Path) -> None:
    push(aws, "clinic-dev", load_checked(path, PARAMS), Report(json=False))


def end(aws: Aws, path: Path) -> str:
    """What a push says that fails; nothing if it does not."""
    try:
        pushed(aws, path)
    except ClinicError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("fault", BROKEN, ids=str)
def test_the_second_run_finishes_the_work(
    endpoint: Endpoint, account: str, tmp_path: Path, fault: Fault
) -> None:
    for number in range(len(CALLS)):
        pushed(to(endpoint, account), write(tmp_path, f"{GOOD}A={number}old\n"))
        path = write(tmp_path, f"{GOOD}A={number}new\n")
        wire = Wire(fault, number)
        assert "\n" not in end(wire.watch(to(endpoint, account)), path)
        assert wire.struck.endswith(f".{CALLS[number]}")
        aws = to(endpoint, account)
        pushed(aws, path)
        deployed = look(aws, bucket_of(aws, "clinic-dev"))
        assert deployed.fingerprint
        assert deployed.fingerprint.is_of(path.read_bytes())
        before = keys(aws)
        pushed(aws, path)
        assert keys(aws) == before
