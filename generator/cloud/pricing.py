"""AWS's own answer to what a unit costs: the Price List Query API.

Its usage types carry a prefix that depends on the region (USE1-, SAE1-, or none), so they are asked
for by their end and then compared exactly. What has no answer, or several, keeps its listed price.
Not tried against AWS: the shapes of questions and answers are those of its documentation.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from generator.checks.cost.prices import Price
from generator.checks.cost.report import Moved
from generator.cloud.aws import connect, explained

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient
    from mypy_boto3_pricing.type_defs import FilterTypeDef

ENDPOINT_REGION = "us-east-1"
"""Where the API is, whichever region is asked about."""
SOURCE = "https://api.pricing.us-east-1.amazonaws.com"
_APPLICATION = {"productFamily": "Load Balancer-Application"}
_POSTGRES = {"databaseEngine": "PostgreSQL"}
_LINUX = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}


@dataclass(frozen=True)
class Query:
    """How a price is asked for."""

    service: str
    usage: str
    """The usage type without its region."""
    unit: str
    filters: Mapping[str, str] = field(default_factory=dict)
    scale: int = 1
    """Units of AWS's in one of ours."""


QUERIES: Mapping[str, Query] = {
    "nat/hour": Query("AmazonEC2", "NatGateway-Hours", "hour"),
    "nat/gb": Query("AmazonEC2", "NatGateway-Bytes", "GB"),
    "ipv4/hour": Query("AmazonVPC", "PublicIPv4:InUseAddress", "hour"),
    "endpoint/hour": Query("AmazonVPC", "VpcEndpoint-Hours", "hour"),
    "endpoint/gb": Query("AmazonVPC", "VpcEndpoint-Bytes", "GB"),
    "alb/hour": Query("AWSELB", "LoadBalancerUsage", "hour", _APPLICATION),
    "alb/lcu": Query("AWSELB", "LCUUsage", "LCU-hour", _APPLICATION),
    "rds/gp3": Query("AmazonRDS", "RDS:GP3-Storage", "GB-month", _POSTGRES),
    "rds/gp3/multi-az": Query("AmazonRDS", "RDS:Multi-AZ-GP3-Storage", "GB-month", _POSTGRES),
    "rds/backup": Query("AmazonRDS", "RDS:ChargedBackupUsage", "GB-month", _POSTGRES),
    "secret/month": Query("AWSSecretsManager", "AWSSecretsManager-Secrets", "secret-month"),
    "kms/key": Query("awskms", "KMS-Keys", "key-month"),
    "cloudwatch/alarm": Query("AmazonCloudWatch", "CW:AlarmMonitorUsage", "alarm-month"),
    "cloudwatch/alarm/high-resolution": Query(
        "AmazonCloudWatch", "CW:HighResAlarmMonitorUsage", "alarm-month"
    ),
    "cloudwatch/metric": Query("AmazonCloudWatch", "CW:MetricMonitorUsage", "metric-month"),
    "cloudwatch/put": Query("AmazonCloudWatch", "CW:Requests", "1,000 calls", scale=1000),
    "logs/gb": Query("AmazonCloudWatch", "DataProcessing-Bytes", "GB"),
    "logs/stored": Query("AmazonCloudWatch", "TimedStorage-ByteHrs", "GB-month"),
    "logs/vended": Query("AmazonCloudWatch", "VendedLog-Bytes", "GB"),
    "s3/standard": Query("AmazonS3", "TimedStorage-ByteHrs", "GB-month"),
    "ecr/gb": Query("AmazonECR", "TimedStorage-ByteHrs", "GB-month"),
    "lambda/million": Query("AWSLambda", "Request", "million calls", scale=10**6),
    "lambda/gb-second": Query("AWSLambda", "Lambda-GB-Second", "GB-second"),
}
"""Prices that are asked for; the others are global, or AWS names them otherwise in each region."""


def query(key: str) -> Query | None:
    """How to ask for a price of the bill; None for one that is not asked for."""
    if key in QUERIES:
        return QUERIES[key]
    group, _, name = key.partition("/")
    if group == "ec2" and name.startswith("credit/"):
        usage = f"CPUCredits:{name.removeprefix('credit/')}"
        return Query("AmazonEC2", usage, "vCPU-hour", {"operatingSystem": "Linux"})
    if group == "ec2":
        return Query("AmazonEC2", f"BoxUsage:{name}", "hour", _LINUX)
    if group == "ebs":
        return Query("AmazonEC2", f"EBS:VolumeUsage.{name}", "GB-month")
    if group == "rds" and name.startswith("db."):
        both = name.endswith("/multi-az")
        usage = f"{'Multi-AZUsage' if both else 'InstanceUsage'}:{name.removesuffix('/multi-az')}"
        return Query("AmazonRDS", usage, "hour", _POSTGRES)
    return None


@explained()
def ask(client: PricingClient, region: str, keys: Iterable[str]) -> dict[str, Price]:
    """Prices that AWS names today, by key; ClinicError when it cannot be asked.

    ``client`` is boto3's of ``pricing``; one request for each key, or several for long answers.
    """
    prices: dict[str, Price] = {}
    for key in keys:
        asked = query(key)
        price = _only(_offers(client, region, asked), asked) if asked else None
        if price:
            prices[key] = price
    return prices


def _offers(client: PricingClient, region: str, asked: Query) -> Iterator[dict[str, Any]]:
    filters: list[FilterTypeDef] = [
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": region},
        {"Type": "CONTAINS", "Field": "usagetype", "Value": asked.usage},
    ]
    for name, value in asked.filters.items():
        filters.append({"Type": "TERM_MATCH", "Field": name, "Value": value})
    exact = re.compile(rf"([A-Z]{{2,4}}\d?-|{region}-)?{re.escape(asked.usage)}")
    pages = client.get_paginator("get_products").paginate(
        ServiceCode=asked.service, Filters=filters, FormatVersion="aws_v1"
    )
    for page in pages:
        for text in page["PriceList"]:
            offer: dict[str, Any] = json.loads(text, parse_float=Decimal)
            if exact.fullmatch(offer["product"]["attributes"].get("usagetype", "")):
                yield offer


def _only(offers: Iterable[dict[str, Any]], asked: Query) -> Price | None:
    """The first tier that costs something, if all offers agree on it."""
    prices = {
        Price(usd * asked.scale, asked.unit, date.fromisoformat(on[:10]), SOURCE)
        for offer in offers
        if (usd := _first_tier(offer)) and (on := str(offer["publicationDate"]))
    }
    return prices.pop() if len(prices) == 1 else None


def _first_tier(offer: Mapping[str, Any]) -> Decimal | None:
    tiers = [
        (Decimal(tier.get("beginRange", "0")), Decimal(tier["pricePerUnit"]["USD"]))
        for term in offer["terms"].get("OnDemand", {}).values()
        for tier in term["priceDimensions"].values()
        if "USD" in tier["pricePerUnit"]
    ]
    return next((usd for _, usd in sorted(tiers) if usd), None)


def moved_since(
    keys: Collection[str], listed: Mapping[str, Price], region: str, profile: str | None
) -> Moved:
    """What AWS answers for these prices, where it differs from the list."""
    asked = sorted(key for key in keys if query(key))
    client = connect(profile, ENDPOINT_REGION).client("pricing")
    with click.progressbar(asked, label="Asking AWS", file=sys.stderr) as bar:
        live = ask(client, region, bar)
    print(f"AWS answered for {len(live)} of {len(keys)} prices.", file=sys.stderr)
    return {
        key: (listed.get(key), price)
        for key, price in live.items()
        if key not in listed or listed[key].usd != price.usd
    }
