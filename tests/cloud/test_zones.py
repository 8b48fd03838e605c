"""Zones that a deployment would use: unknown ones are refused, unserved ones are said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.stub import Stubber

from generator.cloud import zones
from generator.cloud.aws import Aws
from generator.errors import ClinicError
from tests.cloud import small

# As an account may have them: the zone that VPC origins do not serve is the first by name.
THERE = {"us-east-1a": "use1-az3", "us-east-1b": "use1-az1", "us-east-1c": "use1-az2"}


@contextmanager
def account(aws: Aws, there: Mapping[str, str] = THERE) -> Iterator[None]:
    with Stubber(aws.client("ec2")) as stub:
        told = [{"ZoneName": name, "ZoneId": number} for name, number in there.items()]
        stub.add_response("describe_availability_zones", {"AvailabilityZones": told})
        yield
        stub.assert_no_pending_responses()


def said(aws: Aws, **values: Any) -> str:
    heard = small.Heard()
    with account(aws):
        zones.warn(aws, small.nested(**values), heard)
    return "\n".join(heard.lines)


def test_a_private_balancer_in_a_zone_without_vpc_origins_is_said_with_zones_to_take(
    aws: Aws,
) -> None:
    text = said(aws, AlbExposure="private")
    assert "not offered in us-east-1a (use1-az3)" in text
    assert "ZoneNames to some of us-east-1b, us-east-1c" in text


def test_chosen_zones_count_and_not_the_first(aws: Aws) -> None:
    assert said(aws, AlbExposure="private", ZoneNames="us-east-1b,us-east-1c") == ""
    assert "us-east-1a (use1-az3)" in said(
        aws, AlbExposure="private", ZoneNames="us-east-1c,us-east-1a"
    )


def test_every_other_balancer_may_be_in_any_zone(aws: Aws) -> None:
    assert said(aws, AlbExposure="cloudfront", ZoneNames="us-east-1a,us-east-1b") == ""


def test_a_zone_that_the_region_does_not_have_is_refused_before_anything_is_sent(aws: Aws) -> None:
    with account(aws), pytest.raises(ClinicError) as error:
        zones.warn(aws, small.nested(ZoneNames="us-east-1b,us-east-1f"), small.Heard())
    assert 'has no zone "us-east-1f"' in str(error.value)
    assert "us-east-1a, us-east-1b, us-east-1c" in str(error.value)
    assert error.value.exit_code == 2


def test_nobody_is_asked_where_it_does_not_matter(aws: Aws) -> None:
    with Stubber(aws.client("ec2")):
        zones.warn(aws, small.nested(AlbExposure="public"), small.Heard())


def test_the_endpoint_of_a_rehearsal_knows_its_zones(aws: Aws) -> None:
    heard = small.Heard()
    zones.warn(aws, small.nested(AlbExposure="private", ZoneNames="us-east-1a,us-east-1b"), heard)
    assert len(heard.lines) <= 1
