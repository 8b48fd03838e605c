"""The command, as a person, a program and CI see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from generator.application.smoke.ask import ServerAddress
from generator.application.smoke.site import of_url
from generator.errors import ClinicError
from tests.conftest import Ended

from .stage import HTML, Reply, cdn, played, staged

Clinic = Callable[..., Ended]
NEEDS_THE_STACK = {"s3-direct", "balancer-direct", "target-health"}


def test_a_url_is_proven_as_far_as_it_is_known(clinic: Clinic, certificate: Path) -> None:
    with staged(certificate) as stage:
        told = clinic("smoke", f"https://127.0.0.1:{stage.site.address.port}", "--json")
    lines = [json.loads(line) for line in told.out.splitlines()]
    status = {line["name"]: line["status"] for line in lines if line["kind"] == "promise"}
    untested = {name for name, what in status.items() if what == "not tested"}
    assert untested == {*NEEDS_THE_STACK, "https-redirect"}
    # Whether something else listens on this machine's own 3000 and 5432 is not this test's affair.
    own = {name for name in status if not name.startswith("port-")}
    assert {status[name] for name in own - untested} == {"ok"}
    assert lines[-1]["kind"] == "done"


def test_a_broken_promise_is_one_line_and_exit_code_1(clinic: Clinic) -> None:
    with played(lambda request: Reply(502, HTML, b"")) as (port, _):
        told = clinic("smoke", f"http://127.0.0.1:{port}")
    assert told.code == 1
    [line] = [line for line in told.out.splitlines() if line.startswith("api ")]
    assert "failed" in line
    assert "ms  the health path answers 200: /api is 502" in line
    assert "does not keep: page, deep-link" in told.err
    assert len(told.err.splitlines()) == 1


def test_ci_gets_a_case_for_each_promise(clinic: Clinic, tmp_path: Path) -> None:
    path = tmp_path / "smoke.xml"
    with played(
        lambda request: cdn(request) if request.path != "/api" else Reply(502, HTML, b"")
    ) as (
        port,
        _,
    ):
        told = clinic("smoke", f"http://127.0.0.1:{port}", "--junit", path)
    assert told.code == 1
    suite = ElementTree.parse(path).getroot().find("testsuite")
    assert suite is not None
    cases = {case.attrib["name"].partition(":")[0]: case for case in suite.iter("testcase")}
    assert int(suite.attrib["tests"]) == len(cases) == 18
    failure = cases["api"].find("failure")
    assert failure is not None
    assert "502" in failure.attrib["message"]
    skipped = cases["s3-direct"].find("skipped")
    assert skipped is not None
    assert "not tested" in skipped.attrib["message"]
    assert cases["page"].find("failure") is None
    assert float(cases["page"].attrib["time"]) >= 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere",), "no environment"),
        (("https://",), "nor an address"),
        (("ftp://clinic.example",), "nor an address"),
        (("https://clinic.example:port",), "nor an address"),
        (("https://name:fake-word@clinic.example",), "leave out what is before the @"),
        (("http://127.0.0.1:1", "--junit", "/nowhere/at/all.xml"), "cannot be written"),
        (("http://127.0.0.1:1", "--wait", "-1"), "--wait"),
    ],
)
def test_bad_input_is_one_sentence(clinic: Clinic, arguments: tuple[str, ...], says: str) -> None:
    told = clinic("smoke", *arguments)
    assert told.code == 2
    assert says in told.err
    assert "Traceback" not in told.err
    assert "fake-word" not in told.err
    assert not told.out


def test_an_address_needs_no_scheme_and_one_without_a_port_is_https() -> None:
    for given in ("clinic.example", "http://clinic.example", "https://clinic.example/agenda"):
        site = of_url(given)
        assert site.address == ServerAddress("clinic.example", 443)
        assert site.http_address == ServerAddress("clinic.example", 80, tls=False)
    assert of_url("http://clinic.example:8080").address == ServerAddress(
        "clinic.example", 8080, tls=False
    )
    with pytest.raises(ClinicError):
        of_url("https://clinic.example:99999")


def test_it_explains_itself(clinic: Clinic) -> None:
    told = clinic("smoke", "--help")
    assert told.code == 0
    assert "clinic smoke prod --wait 300" in told.out
