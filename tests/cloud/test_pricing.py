"""AWS's answers about prices, in the shapes that its documentation shows."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from generator.checks.cost import prices
from generator.cloud import pricing
from generator.errors import ClinicError


@pytest.fixture
def client() -> Any:
    return boto3.client(
        "pricing",
        region_name=pricing.ENDPOINT_REGION,
        aws_access_key_id="not-a-key",
        aws_secret_access_key="not-a-secret",
    )


def offer(usage: str, *tiers: tuple[str, str]) -> str:
    """One product of a PriceList, as text; a tier is where it begins and its USD."""
    dimensions = {
        f"SKU.TERM.{begin}": {
            "unit": "Hrs",
            "beginRange": begin,
            "endRange": "Inf",
            "description": f"${usd} per {usage}",
            "appliesTo": [],
            "rateCode": f"SKU.TERM.{begin}",
            "pricePerUnit": {"USD": usd},
        }
        for begin, usd in tiers
    }
    return json.dumps(
        {
            "product": {"sku": "SKU", "attributes": {"usagetype": usage}},
            "serviceCode": "AmazonEC2",
            "terms": {"OnDemand": {"SKU.TERM": {"priceDimensions": dimensions, "sku": "SKU"}}},
            "version": "20261120000000",
            "publicationDate": "2026-11-20T12:30:00Z",
        }
    )


def request(key: str, region: str = "us-east-1") -> dict[str, Any]:
    """What is asked for a price."""
    wanted = pricing.query(key)
    assert wanted
    filters = [("TERM_MATCH", "regionCode", region), ("CONTAINS", "usagetype", wanted.usage)]
    filters += [("TERM_MATCH", name, value) for name, value in wanted.filters.items()]
    return {
        "ServiceCode": wanted.service,
        "FormatVersion": "aws_v1",
        "Filters": [{"Type": t, "Field": f, "Value": v} for t, f, v in filters],
    }


def answer(client: Any, key: str, *offers: str, region: str = "us-east-1") -> dict[str, Any]:
    with Stubber(client) as stub:
        stub.add_response("get_products", {"PriceList": list(offers)}, request(key, region))
        return pricing.ask(client, region, [key])


def test_a_price_is_exact_dated_by_its_publication_and_in_our_unit(client):
    [price] = answer(client, "nat/hour", offer("NatGateway-Hours", ("0", "0.0450000000"))).values()
    assert price.usd == Decimal("0.045")
    assert (price.unit, price.as_of.isoformat()) == ("hour", "2026-11-20")
    assert price.source.startswith("https://")


@pytest.mark.parametrize("prefix", ["", "USE1-", "EU-", "SAE1-", "us-east-1-"])
def test_the_regions_prefix_is_taken_off(client, prefix):
    assert answer(client, "kms/key", offer(f"{prefix}KMS-Keys", ("0", "1.0")))


def test_what_only_contains_the_usage_type_is_another_product(client):
    others = [offer("USE1-RegionalNatGateway-Hours", ("0", "0.09")), offer("X", ("0", "1"))]
    mine = offer("USE1-NatGateway-Hours", ("0", "0.05"))
    assert answer(client, "nat/hour", *others, mine)["nat/hour"].usd == Decimal("0.05")
    assert answer(client, "nat/hour", *others) == {}


def test_two_prices_for_one_thing_are_no_answer_and_the_same_twice_is_one(client):
    one, other = (offer("NatGateway-Hours", ("0", usd)) for usd in ("0.045", "0.050"))
    assert answer(client, "nat/hour", one, other) == {}
    assert answer(client, "nat/hour", one, one)["nat/hour"].usd == Decimal("0.045")


def test_the_first_tier_that_costs_something_counts(client):
    tiers = offer("CW:MetricMonitorUsage", ("10000", "0.10"), ("0", "0.30"))
    assert answer(client, "cloudwatch/metric", tiers)["cloudwatch/metric"].usd == Decimal("0.30")
    free = offer("CW:MetricMonitorUsage", ("0", "0"), ("10", "0.20"))
    assert answer(client, "cloudwatch/metric", free)["cloudwatch/metric"].usd == Decimal("0.20")


def test_a_price_of_one_call_becomes_that_of_a_thousand(client):
    found = answer(client, "cloudwatch/put", offer("CW:Requests", ("0", "0.0000100000")))
    assert found["cloudwatch/put"].usd == Decimal("0.01")
    assert found["cloudwatch/put"].unit == "1,000 calls"


def test_a_long_answer_is_read_to_its_end(client):
    page = request("nat/hour")
    with Stubber(client) as stub:
        stub.add_response("get_products", {"PriceList": [], "NextToken": "more"}, page)
        last = {"PriceList": [offer("NatGateway-Hours", ("0", "0.045"))]}
        stub.add_response("get_products", last, {**page, "NextToken": "more"})
        assert pricing.ask(client, "us-east-1", ["nat/hour"])


def test_a_refusal_is_one_sentence(client):
    with Stubber(client) as stub:
        stub.add_client_error(
            "get_products",
            "AccessDeniedException",
            "User is not authorized to perform: pricing:GetProducts",
            403,
        )
        with pytest.raises(ClinicError, match="may not pricing:GetProducts"):
            pricing.ask(client, "us-east-1", ["nat/hour"])


def test_what_is_asked_for_has_the_unit_of_the_list():
    listed = prices.listed("us-east-1")
    asked = {key: pricing.query(key) for key in listed}
    assert {key for key, query in asked.items() if query} >= pricing.QUERIES.keys()
    assert {key: query.unit for key, query in asked.items() if query} == {
        key: listed[key].unit for key, query in asked.items() if query
    }


@pytest.mark.parametrize(
    ("key", "service", "usage"),
    [
        ("ec2/t3.micro", "AmazonEC2", "BoxUsage:t3.micro"),
        ("ec2/credit/t3", "AmazonEC2", "CPUCredits:t3"),
        ("ebs/gp3", "AmazonEC2", "EBS:VolumeUsage.gp3"),
        ("rds/db.t4g.micro", "AmazonRDS", "InstanceUsage:db.t4g.micro"),
        ("rds/db.t4g.small/multi-az", "AmazonRDS", "Multi-AZUsage:db.t4g.small"),
    ],
)
def test_types_and_classes_are_asked_for_by_name(key, service, usage):
    wanted = pricing.query(key)
    assert wanted
    assert (wanted.service, wanted.usage) == (service, usage)


@pytest.mark.parametrize("key", ["cdn/gb", "waf/acl", "route53/zone", "rds/credit/t4g", ""])
def test_what_is_global_or_named_otherwise_keeps_its_listed_price(key):
    assert pricing.query(key) is None
