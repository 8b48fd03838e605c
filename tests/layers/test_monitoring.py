from __future__ import annotations

import json
import re

import pytest

from generator.checks import resolve
from tests.resolved import of_type, properties, resources, statements

DOCUMENTED = {
    *("BackendErrors", "BalancerErrors", "SlowAnswers", "UnhealthyHosts", "NoHealthyHost"),
    *("BackendCpu", "CpuCreditsLow", "CpuCreditsCharged"),
    *("DatabaseCpu", "DatabaseStorage", "DatabaseConnections", "SiteErrors"),
}


def test_every_part_has_its_alarms():
    assert set(of_type("AWS::CloudWatch::Alarm")) == {f"{title}Alarm" for title in DOCUMENTED}


def test_every_alarm_tells_the_topic_and_says_what_it_means():
    for alarm in of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["ActionsEnabled"] is True
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm["AlarmDescription"].endswith(".")


def test_alarms_look_at_things_of_this_stack():
    expected = {
        "AWS/ApplicationELB": "LoadBalancer",
        "AWS/EC2": "BackendGroup",
        "AWS/RDS": "Database",
        "AWS/CloudFront": "Distribution",
    }
    for alarm in of_type("AWS::CloudWatch::Alarm").values():
        assert f'"{expected[alarm["Namespace"]]}"' in json.dumps(alarm["Dimensions"])


def test_silence_is_an_alarm_only_where_a_healthy_host_is_missing():
    silent = {
        name
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items()
        if alarm["TreatMissingData"] == "breaching"
    }
    assert silent == {"NoHealthyHostAlarm"}


def test_only_aws_services_of_this_account_publish_to_the_topic():
    allow, deny = statements(properties("AlarmTopicPolicy")["PolicyDocument"])
    assert set(allow["Principal"]["Service"]) == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "events.rds.amazonaws.com",
    }
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_an_address_is_subscribed_when_given():
    subscription = properties("AlarmSubscription", AlarmEmail="team@clinic.example")
    assert subscription["Endpoint"] == "team@clinic.example"
    assert "AlarmSubscription" not in resources()


def test_scaling_and_the_database_report_what_happens_to_them():
    pattern = properties("ScalingEvents")["EventPattern"]
    assert len(pattern["detail-type"]) == 4
    assert properties("DatabaseEvents")["SourceIds"] == [{"Ref": "Database"}]


def dashboard() -> dict:
    text, _ = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    return json.loads(text)


def test_the_dashboard_substitutes_everything_it_mentions():
    text, given = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= set(given)


@pytest.mark.parametrize(
    "shown", ["RequestCount", "TargetResponseTime", "HealthyHostCount", "CPUUtilization"]
)
def test_the_dashboard_answers_the_first_questions(shown):
    assert shown in json.dumps(dashboard())


def test_widgets_do_not_overlap():
    cells: set[tuple[int, int]] = set()
    for widget in dashboard()["widgets"]:
        x, y, width, height = (widget[k] for k in ("x", "y", "width", "height"))
        own = {(i, j) for i in range(x, x + width) for j in range(y, y + height)}
        assert x + width <= 24
        assert not cells & own
        cells |= own


def test_cloudfronts_alarm_exists_only_where_its_metrics_are(monkeypatch):
    monkeypatch.setitem(resolve.PSEUDO_PARAMETERS, "AWS::Region", "eu-west-1")
    assert "SiteErrorsAlarm" not in of_type("AWS::CloudWatch::Alarm")
