"""`clinic cost` as a person or a program calls it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.cloud.test_pricing import offer

ROOT = Path(__file__).parents[2]


def _objects(text: str) -> list[dict[str, Any]]:
    """Without the last one, done: see tests/objects.py."""
    return [json.loads(line) for line in text.splitlines()][:-1]


def _parameters(folder: Path, **values: str) -> Path:
    path = folder / "mine.json"
    rows = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    path.write_text(json.dumps(rows))
    return path


def test_people_see_the_arithmetic_the_options_and_what_is_left_out(clinic):
    ended = clinic("cost", "seed")
    assert ended.code == 0
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "NAT gateways 1 x gateway 730 hour 0.045 32.85" in lines
    assert "seed in us-east-1: 119.01 USD a month." in lines
    assert "at the CPU target 40 2 40 43.80 155.51" in lines
    assert "NatGateways one none -31.45" in lines
    assert any("taxes" in line for line in lines)
    assert any("1 IAM::InstanceProfile" in line and "IAM is free" in line for line in lines)
    assert any(line.startswith("Assumed: 730 hours; 15 % load; 50 GB") for line in lines)


def test_programs_get_an_object_a_line_whose_sum_is_the_total(clinic):
    found = _objects(clinic("cost", "prod", "--json").out)
    lines = [each for each in found if each["kind"] == "line"]
    [total] = [each for each in found if each["kind"] == "total"]
    assert round(sum(line["usd"] for line in lines), 2) == total["usd"]
    assert total["complete"] is True
    assert {each["env"] for each in found} == {"prod"}
    assert all(line["source"].startswith("https://") and line["as_of"] for line in lines)
    kinds = {each["kind"] for each in found}
    assert kinds == {"line", "load", "option", "free", "assumption", "not-counted", "total"}


def test_two_environments_stand_side_by_side(clinic):
    ended = clinic("cost", "dev", "--compare", "prod")
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["component", "dev", "prod", "difference"] in lines
    assert ["NAT", "gateways", "0.00", "67.95", "67.95"] in lines
    assert ["total", "65.41", "206.96", "141.55"] in lines
    found = _objects(clinic("cost", "dev", "--compare", "prod", "--json").out)
    [total] = [each for each in found if each.get("component") == "total"]
    assert total["usd"] == {"dev": 65.41, "prod": 206.96}
    assert total["difference"] == 141.55


def test_an_environment_compared_with_itself_differs_in_nothing(clinic):
    found = _objects(clinic("cost", "dev", "--compare", "dev", "--json").out)
    differences = [each["difference"] for each in found if each["kind"] == "difference"]
    assert differences
    assert set(differences) == {0}


def test_the_assumptions_are_options(clinic):
    usage = ["--hours", "365", "--traffic-gb", "100", "--load", "40", "--nat-gb", "0"]
    found = _objects(clinic("cost", "seed", "--json", *usage).out)
    items = {each["item"]: each for each in found if each["kind"] == "line"}
    assert items["1 x gateway"]["quantity"] == 365
    assert items["data from the US"]["quantity"] == 100
    assert items["data through them"]["quantity"] == 0
    assert items["surplus credits: 40 % CPU, 10 % included"]["usd"] == 21.9


@pytest.mark.parametrize("form", ["output", "output/flat.json"])
def test_another_set_of_templates_is_priced_alike(clinic, form):
    own, other = (
        _objects(clinic("cost", "prod", "--json", *more).out)[-1]
        for more in ([], ["--templates", ROOT / form])
    )
    assert own == other


def test_a_template_with_an_unknown_type_costs_at_least(clinic, tmp_path):
    (tmp_path / "t.json").write_text(
        json.dumps({"Resources": {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {}}}})
    )
    where = ["--templates", tmp_path / "t.json"]
    ended = clinic("cost", _parameters(tmp_path), *where)
    assert ended.code == 0
    assert "mine in us-east-1: at least 0.00 USD a month." in ended.out
    [line] = [line for line in ended.out.splitlines() if "Kinesis" in line]
    assert line.endswith("not priced")
    lines = _objects(clinic("cost", _parameters(tmp_path), *where, "--json").out)
    assert lines[0]["usd"] is None
    assert lines[-1]["complete"] is False


def test_a_template_of_another_shape_is_one_sentence(clinic, tmp_path):
    """Where it is only resolved by a choice that the report tries out."""
    template = json.loads((ROOT / "output" / "flat.json").read_text())
    address = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    address["WebACLId"]["Fn::If"][1] = {"Ref": {"a": "b"}}
    (tmp_path / "odd.json").write_text(json.dumps(template))
    ended = clinic("cost", "seed", "--templates", tmp_path / "odd.json")
    assert (ended.code, ended.out) == (2, "")
    assert "has a part of a form that nobody expects" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_region_with_some_prices_gives_a_lower_bound(clinic):
    ended = clinic("cost", "seed", "--region", "sa-east-1")
    assert "seed in sa-east-1: at least " in ended.out
    assert ended.code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["seed", "--region", "eu-west-1"], 'there are no prices of "eu-west-1"'),
        (["seed", "--region", "us-east"], "did you mean us-east-"),
        (["seed", "--region", "aws-global"], 'there is no AWS region "aws-global"'),
        (["seed", "--live", "--region", "mars"], 'there is no AWS region "mars"'),
        (["seed", "--profile", "nope"], "--profile goes with --live"),
        (["seed", "--compare", ""], 'there is no environment ""'),
        (["sed"], "did you mean seed?"),
        (["seed", "--compare", "prd"], "did you mean prod?"),
        (["seed", "--hours", "800"], "is not between 0 and 744"),
        (["seed", "--load", "-1"], "is not between 0 and 10,000"),
        (["seed", "--traffic-gb", "much"], "is not a number"),
        (["seed", "--traffic-gb", "nan"], "is not between"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_two(clinic, arguments, says):
    ended = clinic("cost", *arguments)
    assert ended.code == 2
    assert says in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err


def test_an_old_price_that_is_used_is_named(clinic, tmp_path):
    # Listed in April 2026: old since October, whenever this runs.
    ended = clinic("cost", _parameters(tmp_path, DatabaseClass="db.m6g.large"))
    assert "are more than 180 days old" in ended.err
    assert "rds/db.m6g.large of 2026-04-01" in ended.err
    assert ended.code == 0


class PriceList(BaseHTTPRequestHandler):
    """GetProducts with one answer: NAT gateways cost 0.05 an hour, of the rest it knows nothing."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        nat = any(each["Value"] == "NatGateway-Hours" for each in asked["Filters"])
        offers = [offer("USE1-NatGateway-Hours", ("0", "0.05"))] if nat else []
        data = json.dumps({"FormatVersion": "aws_v1", "PriceList": offers}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def price_list(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), PriceList)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "not-a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("price_list")
def test_live_prices_replace_listed_ones_and_are_shown_beside_them(clinic):
    ended = clinic("cost", "seed", "--live")
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "nat/hour 0.045 0.05 hour" in lines
    assert "NAT gateways 1 x gateway 730 hour 0.05 36.50" in lines
    assert "seed in us-east-1: 122.66 USD a month." in lines
    assert "AWS answered for 1 of " in ended.err
    found = _objects(clinic("cost", "seed", "--live", "--json").out)
    moved = {"kind": "moved", "price": "nat/hour", "listed": 0.045, "live": 0.05}
    assert {"env": "seed", **moved} in found


@pytest.mark.usefixtures("price_list")
def test_a_region_that_is_not_listed_can_be_asked_about(clinic):
    ended = clinic("cost", "seed", "--live", "--region", "eu-west-1")
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "nat/hour none 0.05 hour" in lines
    assert any(line.startswith("seed in eu-west-1: at least ") for line in lines)


def test_without_credentials_live_is_one_sentence(clinic):
    ended = clinic("cost", "seed", "--live")
    assert ended.code == 2
    assert "no usable AWS credentials" in ended.err
