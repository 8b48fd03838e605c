"""Lines, and what holds of every bill."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.checks.cost import components, report
from generator.checks.cost.bill import Bill
from generator.checks.cost.components import FREE, PRICED, bill
from generator.checks.cost.report import Estimate
from generator.checks.cost.usage import Usage
from generator.errors import ClinicError
from tests.checks.cost.conftest import ENVIRONMENTS
from tests.checks.cost.test_others import OTHERS

amounts = st.decimals(0, 700, places=2)
usages = st.builds(
    Usage,
    hours=amounts,
    load=amounts,
    traffic_gb=amounts,
    nat_gb=st.none() | amounts,
    requests=amounts,
    database_gb=amounts,
    logs_gb=amounts,
    audit_gb=amounts,
)


def _line(month: Bill, item: str):
    [found] = [line for line in month.lines if item in line.item]
    return found


def test_every_type_of_the_templates_is_priced_or_free(views):
    types = {each["Type"] for each in views["seed"].whole["Resources"].values()}
    assert types <= PRICED.keys() | FREE.keys()
    types |= {each["Type"] for each in OTHERS.values()}
    assert PRICED.keys() | FREE.keys() <= types
    assert not PRICED.keys() & FREE.keys()


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_resource_is_in_the_bill_or_free_and_nothing_lacks_a_price(views, listed, env):
    month = bill(views[env], listed, Usage())
    assert month.unpriced == ()
    assert all(line.price for line in month.lines)
    free = {each["Type"] for each in views[env].resources.values()} & FREE.keys()
    assert set(month.free) == free


def test_an_unknown_type_is_a_line_without_a_price_and_the_total_says_at_least(views, listed):
    seen = views["seed"]
    more = {"Cache": {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": {}}}
    month = bill(replace(seen, resources=seen.resources | more), listed, Usage())
    [line] = month.unpriced
    assert (line.component, line.item) == ("Others", "AWS::ElastiCache::ReplicationGroup")
    assert month.total == bill(seen, listed, Usage()).total
    assert Estimate("seed", "us-east-1", Usage(), month).total.startswith("at least ")
    assert report.lines(month)[1][-1][0] == "at least"


@pytest.mark.parametrize(
    ("parameter", "value"), [("InstanceType", "t3.medium"), ("DatabaseClass", "db.t4g.small")]
)
def test_what_has_no_price_is_never_silently_free(views, listed, parameter, value):
    key = f"{'ec2' if parameter == 'InstanceType' else 'rds'}/{value}"
    shorter = {name: price for name, price in listed.items() if name != key}
    month = bill(views["seed"].changed(**{parameter: value}), shorter, Usage())
    assert [line.key for line in month.unpriced] == [key]


@given(env=st.sampled_from(ENVIRONMENTS), usage=usages)
@settings(max_examples=60, deadline=None)
def test_the_total_is_the_sum_of_the_lines_and_of_the_components(views, listed, env, usage):
    month = bill(views[env], listed, usage)
    assert month.total == sum(line.amount for line in month.lines)
    assert month.total == sum(month.components.values())
    assert all(line.amount >= 0 for line in month.lines)
    for line in month.lines:
        assert line.price
        assert abs(line.amount - line.quantity * line.price.usd) <= Decimal("0.005")


@given(env=st.sampled_from(ENVIRONMENTS), usage=usages, more=st.decimals(0, 40, places=2))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("what", ["hours", "load", "traffic_gb", "requests", "logs_gb"])
def test_more_of_anything_never_costs_less(views, listed, env, usage, more, what):
    larger = replace(usage, **{what: getattr(usage, what) + more})
    assert bill(views[env], listed, larger).total >= bill(views[env], listed, usage).total


def test_no_hours_cost_only_what_is_used(views, listed):
    month = bill(views["prod"], listed, Usage(hours=Decimal(0)))
    left = {line.component for line in month.lines if line.amount}
    assert left == {
        "CDN",
        "Documents",
        "Load balancer",
        "NAT gateways",
        "Logs",
        "Audit",
        "Flow logs",
    }


@given(usage=usages)
@settings(max_examples=30, deadline=None)
def test_comparing_the_other_way_round_changes_only_the_sign(views, listed, usage):
    one, other = (
        Estimate(env, "us-east-1", usage, bill(views[env], listed, usage))
        for env in ("dev", "prod")
    )
    there: dict[Any, list[Any]] = {row[0]: row[1:] for row in report.compared(one, other)[1]}
    back = {row[0]: row[1:] for row in report.compared(other, one)[1]}
    assert {name: [b, a, -d] for name, (a, b, d) in there.items()} == back
    assert there["total"] == [one.bill.total, other.bill.total, other.bill.total - one.bill.total]


def test_an_audit_is_paid_by_what_it_logs_and_how_long_that_is_kept(views, listed):
    month = bill(views["prod"], listed, Usage(audit_gb=Decimal(3)))
    audit = [line for line in month.lines if line.component == "Audit"]
    assert [line.quantity for line in audit] == [3, 3 * Decimal(400) / 30 * Decimal("0.15")]
    assert not any(line.component == "Audit" for line in bill(views["seed"], listed, Usage()).lines)


def test_lines_of_a_component_stand_together(views, listed):
    rows = report.lines(bill(views["prod"], listed, Usage()))[1]
    shown = [row[0] for row in rows if row[0]]
    assert len(shown) == len(set(shown))


def test_the_metric_of_ten_seconds_costs_its_readings_and_dearer_alarms(views, listed):
    slow, fast = (
        bill(views["seed"].changed(MetricPeriod=each), listed, Usage()) for each in ("60", "10")
    )
    assert _line(fast, "readings of the instances").quantity == Decimal("525.6")  # 2 x 262,800
    assert _line(fast, "metric of their own").amount == Decimal("0.30")
    assert _line(slow, "target tracking").amount == Decimal("0.20")
    assert _line(fast, "target tracking").amount == Decimal("0.60")


def test_a_stopped_warm_pool_costs_its_volumes_only(views, listed):
    month = bill(views["seed"].changed(WarmPoolSize="3"), listed, Usage())
    assert month.components["Warm pool"] == Decimal("3.84")  # 3 x 16 GiB x 0.08


def test_an_internal_balancer_has_no_public_address(views, listed):
    public, private = (
        bill(views["seed"].changed(AlbExposure=each), listed, Usage())
        for each in ("public", "private")
    )
    difference = public.components["Public IPv4"] - private.components["Public IPv4"]
    assert difference == Decimal("7.30")


def test_a_standby_costs_a_second_instance_and_its_storage(views, listed):
    usage = Usage(database_load=Decimal(0))
    one, both = (
        bill(views["seed"].changed(MultiAz=each), listed, usage) for each in ("false", "true")
    )
    assert both.components["Database"] == 2 * one.components["Database"]
    unlisted = bill(
        views["seed"].changed(MultiAz="true", DatabaseClass="db.m6g.large"), listed, usage
    )
    assert _line(unlisted, "db.m6g.large").note == "counted as two instances"
    assert _line(unlisted, "db.m6g.large").quantity == 1460


def test_backups_cost_what_exceeds_the_storage(views, listed):
    seen = views["seed"].changed(BackupDays="35")
    assert _line(bill(seen, listed, Usage()), "backups of").amount == 0
    full = bill(seen, listed, Usage(database_gb=Decimal(20)))
    assert _line(full, "backups of").quantity == 14  # 20 x (1 + 35 x 2 %) - 20


def test_a_web_acl_costs_itself_its_rules_and_its_requests(views, listed):
    acl = components_of(views["seed"], listed, WebAclArn="arn:aws:wafv2:example")["Web ACL"]
    assert acl == Decimal("8.60")  # 5 + 3 rules + 0.60 for a million requests


def test_records_cost_their_zone_once(views, listed):
    given = {"HostedZoneId": "Z0123456789ABCDEFGHIJ", "DomainName": "clinic.example"}
    assert components_of(views["seed"], listed, **given)["Names"] == Decimal("0.50")


def test_every_edge_costs_what_south_america_does(views, listed):
    everywhere = components_of(views["seed"], listed, PriceClass="PriceClass_All")["CDN"]
    assert everywhere == Decimal("7.80")  # 50 x 0.11 + 100 x 0.022 + 0.10


def _odd(view, name: str, **properties: object):
    """The view with other properties of one resource; a property of None is taken away."""
    resource = view.resources[name]
    merged = {**resource["Properties"], **properties}
    kept = {key: value for key, value in merged.items() if value is not None}
    return replace(view, resources=view.resources | {name: {**resource, "Properties": kept}})


UNKNOWN = {"Ref": "Elsewhere"}


@pytest.mark.parametrize(
    ("name", "properties", "item"),
    [
        ("LoadBalancer", {"Scheme": None, "Subnets": UNKNOWN}, "balancer, in unknown zones"),
        ("LoadBalancer", {"Type": "network"}, "1 x of another type"),
        ("Database", {"AllocatedStorage": None}, "storage of unknown size, and its backups"),
        ("Database", {"StorageType": "io2"}, "20 GiB io2"),
        ("Database", {"Engine": "mysql"}, "db.t4g.small with mysql"),
        (
            "Database",
            {"PerformanceInsightsRetentionPeriod": 731},
            "Performance Insights for over 7 days",
        ),
        ("BackupPlanResource", {"BackupPlan": {"BackupPlanRule": [{}]}}, "never deleted"),
        ("FlowLog", {"LogGroupName": None}, "to another place than a log group here"),
        ("BackendGroup", {"MinSize": UNKNOWN}, "BackendGroup: of no known type and number"),
        (
            "LaunchTemplate",
            {"LaunchTemplateData": {"InstanceType": "t3.small"}},
            "2 x gp2 as large as the image",
        ),
        (
            "S3Endpoint",
            {"VpcEndpointType": "Interface", "SubnetIds": UNKNOWN},
            "S3Endpoint, in unknown zones",
        ),
    ],
)
def test_what_cannot_be_counted_has_no_price_instead_of_none(views, listed, name, properties, item):
    month = bill(_odd(views["prod"], name, **properties), listed, Usage())
    assert [line for line in month.unpriced if item in line.item]


def test_a_step_policy_makes_no_alarms_of_its_own(views, listed):
    stepped = _odd(views["seed"], "CpuScaling", PolicyType="StepScaling")
    assert bill(stepped, listed, Usage()).components["Alarms"] == Decimal("1.20")


@given(
    name=st.sampled_from(["BackendGroup", "LaunchTemplate", "LoadBalancer", "Database", "FlowLog"])
    | st.sampled_from(["Distribution", "CpuScaling", "BackupPlanResource", "RotationSchedule"]),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_odd_properties_are_a_bill_or_a_sentence_and_never_a_traceback(views, listed, name, data):
    properties = views["prod"].resources[name]["Properties"]
    odd = st.sampled_from(
        [None, "", "text", "NaN", "1e999", -1, 0, True, [], ["a"], {}, UNKNOWN, {"Ebs": 1}]
    )
    key = data.draw(st.sampled_from(sorted(properties)))
    seen = _odd(views["prod"], name, **{key: data.draw(odd)})
    with suppress(ClinicError):
        assert bill(seen, listed, Usage()).total >= 0


def test_resources_that_make_no_sense_are_one_sentence(views, listed):
    with pytest.raises(ClinicError, match=r"type AWS::AutoScaling::\w+ cannot be read"):
        bill(_odd(views["prod"], "LaunchTemplate", LaunchTemplateData="text"), listed, Usage())


def components_of(seen, listed, **values):
    return components.bill(seen.changed(**values), listed, Usage()).components
