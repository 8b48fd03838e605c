from __future__ import annotations

import base64
import bz2
import hashlib
import json
import re
from fnmatch import fnmatchcase

import pytest

from generator import bootstrap
from generator.architecture import templates
from generator.model import resolve
from tests.resolved import IMAGE, flat, properties, resources, statements


def launch(environment: str = "seed", **changes: str) -> dict:
    return properties("LaunchTemplate", environment, **changes)["LaunchTemplateData"]


def user_data(environment: str = "seed", **changes: str) -> list:
    return launch(environment, **changes)["UserData"]["Fn::Base64"]["Fn::Join"][1]


def text(parts: list) -> str:
    """User data as an instance gets it, references to resources as their longest likely value."""
    return "".join(part if isinstance(part, str) else "x" * longest(part) for part in parts)


def longest(reference: dict) -> int:
    """A bucket's name and a file system's id (fs-, 40 characters) are limited; ARNs and the log
    group's name are about as long as a stack's. The library's name holds a stack's of 128."""
    library = len("/clinic/-BootLibrary-") + 128 + 32
    limits = {"ConfigurationBucket": 63, "DocumentsFileSystemResource": 43, "BootLibrary": library}
    return limits.get(reference.get("Ref", ""), 120)


def test_instances_are_ubuntu_24_04_of_the_documented_sizes():
    assert "/ubuntu/server/24.04/" in launch()["ImageId"]
    assert launch()["InstanceType"] == "t3.micro"
    assert launch(InstanceType="t2.micro")["InstanceType"] == "t2.micro"
    assert launch(MachineImage="ami-0123456789abcdef0")["ImageId"] == "ami-0123456789abcdef0"


def test_instances_answer_metadata_only_with_a_token_and_only_to_the_host_itself():
    assert launch()["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
    }


def test_disks_are_encrypted_gp3():
    [disk] = launch()["BlockDeviceMappings"]
    assert disk["Ebs"]["Encrypted"] is True
    assert disk["Ebs"]["VolumeType"] == "gp3"


def test_metrics_come_every_minute_and_credits_are_stated():
    assert launch()["Monitoring"] == {"Enabled": True}
    assert launch(CpuCredits="standard")["CreditSpecification"] == {"CpuCredits": "standard"}


def test_instances_have_the_role_and_the_backend_group():
    assert launch()["IamInstanceProfile"] == {"Arn": {"Fn::GetAtt": ["InstanceProfile", "Arn"]}}
    [interface] = launch()["NetworkInterfaces"]
    assert interface["Groups"] == [{"Ref": "BackendSecurityGroup"}]


@pytest.mark.parametrize("environment", ["seed", "dev", "prod"])
def test_user_data_is_a_script_and_holds_the_program(environment):
    whole = text(user_data(environment))
    assert whole.startswith("#!/bin/bash\n")
    assert bootstrap.part(*bootstrap.FILES) in bootstrap.unpacked(whole)


def test_the_library_is_whole_in_a_standard_parameter_that_its_content_names():
    parameter = properties("BootLibrary")
    assert (parameter["Type"], parameter["Tier"]) == ("String", "Standard")
    # What Parameter Store takes: 4,096 characters, and no {{ (user guide, sysman-paramstore-su).
    assert len(parameter["Value"]) <= 4_096
    assert "{{" not in parameter["Value"]
    library = bz2.decompress(base64.a85decode(parameter["Value"])).decode() + "\n"
    assert library == bootstrap.part(*bootstrap.LIBRARY)
    digest = hashlib.sha256(library.encode()).hexdigest()[:32]
    assert parameter["Name"] == f"/clinic/clinic-BootLibrary-{digest}"


def test_another_content_is_another_parameter_and_another_launch_template(monkeypatch):
    """So both are there while an update, or its rollback, launches instances of either."""
    before = flat()["Resources"]["BootLibrary"]["Properties"]
    monkeypatch.setattr(bootstrap, "LIBRARY", ("build.sh", "documents.sh"))
    after = templates()["flat"].to_dict()["Resources"]
    assert after["BootLibrary"]["Properties"]["Name"]["Fn::Sub"] != before["Name"]["Fn::Sub"]
    assert "UpdateReplacePolicy" not in after["BootLibrary"]
    parts = user_data()
    assert parts[parts.index("LIBRARY_PARAMETER='") + 1] == {"Ref": "BootLibrary"}


def test_an_instance_may_read_its_own_stacks_library_whatever_its_content():
    policy = properties("BackendStackPolicy")["PolicyDocument"]
    [right] = [s for s in statements(policy) if s.get("Sid") == "ReadBootLibrary"]
    assert right["Action"] == ["ssm:GetParameter"]
    [resource] = right["Resource"]
    begin = "arn:aws:ssm:us-east-1:123456789012:parameter"
    assert resource == f"{begin}/clinic/clinic-BootLibrary-*"
    assert fnmatchcase(begin + properties("BootLibrary")["Name"], resource)


LONGEST = {
    "EnvironmentName": "e" * 20,
    "BackendRepository": f"https://{'h' * 60}.example/{'r' * 120}",
    "BackendRevision": "v" * 101,
    "DatabaseName": "d" * 63,
    "HealthCheckPath": "/" + "p" * 100,
    "Release": "r" * 64,
}
MOST = 12_288
"""Bytes of user data before they are encoded, of 16,384 that EC2 takes."""


def test_user_data_has_room_beside_the_longest_values_that_parameters_may_have():
    values = LONGEST | {"BackendImage": "i" * 255, "WarmPoolSize": "1", "MetricPeriod": "10"}
    declared = flat()["Parameters"]
    patterns = {k: declared[k]["AllowedPattern"] for k in values if "AllowedPattern" in declared[k]}
    assert all(re.fullmatch(pattern, values[k]) for k, pattern in patterns.items())
    # A stack's id has up to 128 characters more than the one in the test.
    assert len(text(user_data(**values)).encode()) + 128 <= MOST


def test_only_the_head_of_the_user_data_differs_between_the_ways_to_an_image():
    """A release changes lines of the head, and instances go the other way to their image."""
    for changes in ({"BackendImage": IMAGE}, {"BackendImage": IMAGE, "WarmPoolSize": "1"}):
        assert user_data(**changes)[-1] == user_data()[-1] == bootstrap.user_data()


def test_user_data_sets_every_setting_that_the_script_expects():
    setting = re.compile(r"^([A-Z_]+)='[^'\n]*'$", re.MULTILINE)
    for image in ("", IMAGE):
        assert setting.findall(text(user_data(BackendImage=image))) == list(bootstrap.SETTINGS)


@pytest.mark.parametrize("image", [":1", IMAGE, ""])
def test_user_data_says_which_registry_a_tag_alone_is_in(image):
    parts = user_data(BackendImage=image)
    assert parts[parts.index("IMAGE_REPOSITORY='") + 1] == {
        "Fn::GetAtt": ["ImageRepository", "RepositoryUri"]
    }
    assert f"\nBACKEND_IMAGE='{image}'\n" in text(parts)


@pytest.mark.parametrize(
    ("image", "valid"),
    [(":1", True), (":1.4-a_b", True), (":", False), (":-1", False), (":a/b", False)],
)
def test_a_tag_of_the_own_registry_is_a_colon_and_a_tag(image, valid):
    pattern = flat()["Parameters"]["BackendImage"]["AllowedPattern"]
    assert bool(re.search(pattern, image)) is valid


def test_user_data_names_secrets_and_holds_none():
    whole = text(user_data())
    assert "resolve:secretsmanager" not in whole
    assert {"Ref": "DatabaseSecret"} in user_data()


def test_a_new_release_changes_the_launch_template():
    assert user_data(Release="1") != user_data(Release="2")


def test_a_grown_group_is_not_shrunk_by_an_update():
    assert "DesiredCapacity" not in properties("BackendGroup")


def test_the_group_follows_the_latest_version_of_its_template():
    assert properties("BackendGroup")["LaunchTemplate"]["Version"] == {
        "Fn::GetAtt": ["LaunchTemplate", "LatestVersionNumber"]
    }


def test_the_documented_group_has_two_to_four_instances_over_two_zones_with_elb_health():
    group = properties("BackendGroup")
    assert (group["MinSize"], group["MaxSize"]) == ("2", "4")
    assert [subnet["Ref"] for subnet in group["VPCZoneIdentifier"]] == ["AppSubnetA", "AppSubnetB"]
    assert group["HealthCheckType"] == "ELB"
    assert {"Ref": "TargetGroup"} in group["TargetGroupARNs"]


def seconds(duration: str) -> int:
    return 60 * int(duration.removeprefix("PT").removesuffix("M"))


@pytest.mark.parametrize("image", ["", IMAGE])
def test_the_stack_waits_for_a_signal_of_each_instance_for_longer_than_a_boot(image):
    group = resources(BackendImage=image)["BackendGroup"]
    signal = group["CreationPolicy"]["ResourceSignal"]
    grace = group["Properties"]["HealthCheckGracePeriod"]
    assert signal["Count"] == group["Properties"]["MinSize"]
    assert seconds(signal["Timeout"]) > grace
    assert seconds(signal["Timeout"]) <= 12 * 3600
    assert group["Properties"]["DefaultInstanceWarmup"] < grace


def test_an_update_keeps_the_minimum_in_service_and_waits_for_signals():
    rolling = resources()["BackendGroup"]["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert rolling["MinInstancesInService"] == "2"
    assert rolling["MaxBatchSize"] == 1
    assert rolling["WaitOnResourceSignals"] is True
    assert {"ReplaceUnhealthy", "AlarmNotification"} <= set(rolling["SuspendProcesses"])


def test_a_release_that_has_replaced_the_instances_does_not_have_them_replaced_again():
    update = resources(RollingUpdate="false")["BackendGroup"]["UpdatePolicy"]
    assert "AutoScalingRollingUpdate" not in update
    assert update["AutoScalingScheduledAction"] == {"IgnoreUnmodifiedGroupSizeProperties": True}


def test_instances_wait_for_their_way_out_and_their_permissions():
    waits = resources()["BackendGroup"]["DependsOn"]
    assert {"AppRouteA", "AppRouteB", "InstancePolicy", "HttpListener"} <= set(waits)
    assert {"AppSubnetRouteTableA", "BackendToHttps", "DatabaseEgress"} <= set(waits)


def test_scaling_keeps_average_cpu_at_40_percent():
    tracking = properties("CpuScaling")["TargetTrackingConfiguration"]
    assert tracking == {
        "TargetValue": "40",
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
    }


def test_fast_metrics_scale_on_what_instances_publish_every_ten_seconds():
    tracking = properties("CpuScaling", MetricPeriod="10")["TargetTrackingConfiguration"]
    assert "PredefinedMetricSpecification" not in tracking
    [query] = tracking["CustomizedMetricSpecification"]["Metrics"]
    assert query["MetricStat"]["Period"] == 10
    assert query["MetricStat"]["Metric"]["Namespace"] == "Clinic/Backend"
    assert "METRIC_PERIOD='10'" in text(user_data(MetricPeriod="10"))


def test_a_warm_pool_exists_only_when_asked_for():
    pool = properties("WarmPool", WarmPoolSize="1", BackendImage=IMAGE)
    assert pool["PoolState"] == "Stopped"
    assert pool["MinSize"] == pool["MaxGroupPreparedCapacity"] == "1"
    assert "WarmPool" not in resources()


def test_nobody_is_stopped_in_the_pool_before_it_has_booted():
    pooled = {"WarmPoolSize": "1", "BackendImage": IMAGE}
    [hook] = properties("BackendGroup", **pooled)["LifecycleHookSpecificationList"]
    assert hook["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
    assert hook["DefaultResult"] == "ABANDON"
    script = bootstrap.unpacked(text(user_data(**pooled)))
    assert "WARM_POOL='true'\n" in script
    assert f"LifecycleHookName={hook['LifecycleHookName']} " in script
    rights = json.dumps(properties("BackendStackPolicy", **pooled)["PolicyDocument"])
    for action in ("CompleteLifecycleAction", "DescribeAutoScalingInstances"):
        assert f"Action={action} " in script
        assert f'"autoscaling:{action}"' in rights
    assert "WARM_POOL=''\n" in text(user_data())
    assert "Lifecycle" not in json.dumps(properties("BackendStackPolicy"))
    assert "LifecycleHookSpecificationList" not in properties("BackendGroup")


def test_a_deployment_rolls_nobody_into_a_group_with_a_pool():
    """What comes from a pool runs the version before, and runs no user data that would signal."""
    update = resources(WarmPoolSize="1", BackendImage=IMAGE)["BackendGroup"]["UpdatePolicy"]
    assert "AutoScalingRollingUpdate" not in update


def test_the_log_outlives_the_stack():
    assert resources()["BackendLogGroupResource"]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_two_minutes_of_waiting_for_a_profile_do_not_wait_for_the_permissions():
    """The group does, in the nested form by its stack; so nobody boots without them."""
    assert "InstancePolicy" not in json.dumps(resources()["InstanceProfile"])
    assert "InstancePolicy" in resources()["LaunchTemplate"]["DependsOn"]


def test_two_stacks_of_one_name_do_not_scale_on_each_others_cpu():
    """Whatever the operator calls them, the metric is marked by the stack's own id."""
    policy = properties("CpuScaling", MetricPeriod="10", EnvironmentName="dev")
    tracking = policy["TargetTrackingConfiguration"]["CustomizedMetricSpecification"]
    [dimension] = tracking["Metrics"][0]["MetricStat"]["Metric"]["Dimensions"]
    stack = resolve.PSEUDO_PARAMETERS["AWS::StackId"]
    assert dimension["Name"] == "Environment"
    assert dimension["Value"] == stack.rpartition("-")[2]
    assert len(dimension["Value"]) == 12
    published = text(user_data(MetricPeriod="10", EnvironmentName="dev"))
    assert f"GROUP_DIMENSION='{dimension['Value']}'" in published
