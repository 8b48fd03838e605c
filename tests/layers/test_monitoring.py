from __future__ import annotations

import json
import re

import pytest

from generator.model import resolve
from tests.resolved import flat, of_type, properties, resources, statements

DOCUMENTED = {
    *("BackendErrors", "BalancerErrors", "SlowAnswers", "UnhealthyHosts", "NoHealthyHost"),
    *("BackendCpu", "CpuCreditsLow", "CpuCreditsCharged"),
    *("DatabaseCpu", "DatabaseStorage", "DatabaseConnections", "SiteErrors"),
}
WITH_EVERYTHING = {"PasswordRotationDays": "30", "BackupPlan": "true", "CustomerKey": "true"}


def test_every_part_has_its_alarms():
    assert set(of_type("AWS::CloudWatch::Alarm")) == {f"{title}Alarm" for title in DOCUMENTED}


def test_a_rotation_that_fails_is_an_alarm_where_there_is_one():
    """The function's own errors: Secrets Manager's event of it needs a trail of CloudTrail."""
    assert "RotationErrorsAlarm" not in resources(PasswordRotationDays="0")
    alarm = properties("RotationErrorsAlarm", PasswordRotationDays="30")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Errors")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "RotationFunction"}}]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_every_alarm_tells_the_topic_and_says_what_it_means():
    for alarm in of_type("AWS::CloudWatch::Alarm", **WITH_EVERYTHING).values():
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


OWN_ACCOUNT = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
ALARMS_AND_DATABASE = {"cloudwatch.amazonaws.com", "events.rds.amazonaws.com"}


def test_alarms_and_database_events_are_let_in_for_this_account_only():
    allow, _, deny = statements(properties("AlarmTopicPolicy")["PolicyDocument"])
    assert set(allow["Principal"]["Service"]) == ALARMS_AND_DATABASE
    assert allow["Condition"] == OWN_ACCOUNT
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_eventbridge_is_let_in_without_a_condition_since_it_states_no_keys():
    """With a Condition block AWS drops every event, and no metric of the topic says so."""
    _, allow, deny = statements(properties("AlarmTopicPolicy")["PolicyDocument"])
    assert allow["Principal"]["Service"] == "events.amazonaws.com"
    assert (allow["Effect"], allow["Action"]) == ("Allow", ["sns:Publish"])
    assert "Condition" not in allow
    # A Bool on a key that a request does not state is false: the refusal does not meet EventBridge.
    assert set(deny["Condition"]) == {"Bool"}


def test_eventbridge_may_use_the_customers_key_without_a_condition_as_well():
    """SNS encrypts what EventBridge publishes on EventBridge's behalf, or not at all."""
    policy = properties("CustomerKeyResource", **WITH_EVERYTHING)["KeyPolicy"]
    stated = {s["Sid"]: s for s in statements(policy)}
    others, eventbridge = stated["AlarmsAndDatabaseEvents"], stated["EventRules"]
    assert set(others["Principal"]["Service"]) == ALARMS_AND_DATABASE
    assert others["Condition"] == OWN_ACCOUNT
    assert eventbridge["Principal"]["Service"] == "events.amazonaws.com"
    assert set(eventbridge["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert "Condition" not in eventbridge


def test_a_backup_that_does_not_come_about_is_sent_to_the_topic():
    assert "FailedBackupVaultJobs" not in resources(BackupPlan="false")
    rule = properties("FailedBackupVaultJobs", **WITH_EVERYTHING)
    assert rule["EventPattern"] == {
        "source": ["aws.backup"],
        "detail-type": ["Backup Job State Change"],
        "detail": {
            "state": ["FAILED", "ABORTED", "EXPIRED"],
            "backupVaultName": [{"Ref": "BackupVault"}],
        },
    }
    assert [target["Arn"] for target in rule["Targets"]] == [{"Ref": "AlarmTopic"}]


def test_an_address_is_subscribed_when_given():
    subscription = properties("AlarmSubscription", AlarmEmail="team@clinic.example")
    assert subscription["Endpoint"] == "team@clinic.example"
    assert "AlarmSubscription" not in resources()


def test_scaling_and_the_database_report_what_happens_to_them():
    pattern = properties("ScalingEvents")["EventPattern"]
    assert len(pattern["detail-type"]) == 4
    assert [target["Arn"] for target in properties("ScalingEvents")["Targets"]] == [
        {"Ref": "AlarmTopic"}
    ]
    assert properties("DatabaseEvents")["SourceIds"] == [{"Ref": "Database"}]


def test_scaling_events_are_of_the_group_by_the_beginning_of_the_name_that_cloudformation_makes():
    """Ref would be sharper, but would hold the rule up until all instances have booted."""
    (name,) = properties("ScalingEvents")["EventPattern"]["detail"]["AutoScalingGroupName"]
    assert name == {"prefix": f"{resolve.PSEUDO_PARAMETERS['AWS::StackName']}-BackendGroup-"}


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


def test_the_dashboard_draws_alarms_of_the_group_by_the_names_that_they_have():
    """It is made before the group is, whose name it therefore cannot know."""
    _, given = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    for title in ("BackendCpu", "CpuCreditsLow"):
        assert given[title] == properties(f"{title}Alarm")["AlarmName"]
        assert f":alarm:${{{title}}}" in json.dumps(dashboard())
    assert "BackendGroup" not in json.dumps(properties("Dashboard"))


def test_the_dashboard_says_where_the_backends_complaints_are():
    """Its log group's name is an output of the stack that still boots."""
    (text,) = [w for w in dashboard()["widgets"] if w["type"] == "text"]
    assert "Logs Insights" in text["properties"]["markdown"]
    assert "BackendLogGroup" in flat()["Outputs"]
    assert "BackendLogGroup" in text["properties"]["markdown"]


def test_a_document_that_is_deleted_for_good_is_sent_to_the_topic():
    """The application only covers versions, and the lifecycle's deletions are no news."""
    rule = properties("DeletedDocuments", **WITH_EVERYTHING)
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Deleted"],
        "detail": {
            "bucket": {"name": [{"Ref": "DocumentsBucket"}]},
            "reason": ["DeleteObject"],
            "deletion-type": ["Permanently Deleted"],
        },
    }
    assert [target["Arn"] for target in rule["Targets"]] == [{"Ref": "AlarmTopic"}]


@pytest.mark.parametrize("name", ["CloseDefaultGroup", "DatabaseLogs"])
def test_a_call_that_a_function_never_answered_is_sent_to_the_topic(name):
    """Lambda refuses a dead letter queue that the function's role may not send to."""
    made = resources("prod")
    function = made[f"{name}Function"]
    assert function["Properties"]["DeadLetterConfig"] == {"TargetArn": {"Ref": "AlarmTopic"}}
    assert f"{name}Policy" in function["DependsOn"]
    [send] = [
        s
        for s in statements(made[f"{name}Policy"]["Properties"]["PolicyDocument"])
        if s["Action"] == ["sns:Publish"]
    ]
    assert send["Resource"] == [{"Ref": "AlarmTopic"}]


def test_the_address_that_cloudformation_waits_at_is_of_no_use_when_it_is_mailed():
    """Lambda tries again after one and after two minutes, and sends the event after that."""
    assert properties("ClosedDefaultGroup", "prod")["ServiceTimeout"] <= 60 + 120
