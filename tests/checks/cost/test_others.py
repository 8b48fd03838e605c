"""Instances, volumes and Classic balancers, which only templates of others have."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from generator.checks.cost.components import bill
from generator.checks.cost.usage import Usage
from generator.model import view

IMAGE = "ami-0123456789abcdef0"


def resources(**given: tuple[str, dict]) -> dict:
    return {
        name: {"Type": f"AWS::{kind}", "Properties": own} for name, (kind, own) in given.items()
    }


OTHERS = resources(
    Bastion=(
        "EC2::Instance",
        {"ImageId": IMAGE, "InstanceType": "t3.micro", "SubnetId": {"Ref": "Inside"}},
    ),
    Inside=("EC2::Subnet", {"VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.0.0.0/24"}),
    Disk=("EC2::Volume", {"AvailabilityZone": "us-east-1a", "Size": 100, "VolumeType": "gp3"}),
    Classic=(
        "ElasticLoadBalancing::LoadBalancer",
        {"Listeners": [], "Subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]},
    ),
    Configuration=(
        "AutoScaling::LaunchConfiguration",
        {"ImageId": IMAGE, "InstanceType": "t3.small", "AssociatePublicIpAddress": True},
    ),
    Group=(
        "AutoScaling::AutoScalingGroup",
        {
            "LaunchConfigurationName": {"Ref": "Configuration"},
            "MinSize": "2",
            "MaxSize": "2",
            "VPCZoneIdentifier": [{"Ref": "Inside"}],
        },
    ),
    Attached=("EC2::EIPAssociation", {"InstanceId": {"Ref": "Bastion"}}),
    Wall=("EC2::NetworkAcl", {"VpcId": "vpc-0123456789abcdef0"}),
    Rule=("EC2::NetworkAclEntry", {}),
    Interface=("EC2::NetworkInterface", {"SubnetId": {"Ref": "Inside"}}),
    Walled=("EC2::SubnetNetworkAclAssociation", {}),
    Point=("EFS::AccessPoint", {"FileSystemId": "fs-0123456789abcdef0"}),
    Rights=("IAM::Policy", {}),
)


@pytest.fixture
def billed(tmp_path, listed):
    def of(made: dict):
        template, params = tmp_path / "flat.json", tmp_path / "other.json"
        template.write_text(json.dumps({"Resources": made}))
        params.write_text("[]")
        month = bill(view.load(str(params), tmp_path, template), listed, Usage())
        return {line.item: line for line in month.lines}

    return of


def test_an_instance_costs_its_hours_as_one_of_a_group_does(billed):
    [line] = [line for item, line in billed(OTHERS).items() if item == "1 x t3.micro"]
    assert line.amount == Decimal("7.59")  # 730 x 0.0104


def test_a_group_of_a_launch_configuration_costs_as_one_of_a_template_does(billed):
    lines = billed(OTHERS)
    assert lines["2 x t3.small"].amount == Decimal("30.37")  # 2 x 730 x 0.0208
    assert lines["2 x of an instance"].amount == Decimal("7.30")
    # Detailed monitoring is a launch configuration's default.
    assert lines["7 x metric of each instance, every minute"].quantity == 14


def test_a_volume_costs_its_size(billed):
    assert billed(OTHERS)["Disk, 100 GiB gp3"].amount == Decimal("8.00")


def test_a_classic_balancer_costs_hours_data_and_addresses(billed):
    lines = billed(OTHERS)
    assert lines["1 x Classic"].amount == Decimal("18.25")  # 730 x 0.025
    assert lines["data through Classic ones"].amount == Decimal("0.40")  # 50 x 0.008
    assert lines["2 x of the balancer, one a zone"].amount == Decimal("7.30")


def test_an_instance_in_a_default_vpc_or_a_public_subnet_has_a_public_address(billed):
    for public, changed in (
        (False, {}),
        (True, {"Inside": {"MapPublicIpOnLaunch": "true"}}),
        (True, {"Bastion": {"SubnetId": None}}),
        (
            False,
            {"Bastion": {"SubnetId": None, "NetworkInterfaces": [{"NetworkInterfaceId": "e"}]}},
        ),
    ):
        made = {name: OTHERS[name] for name in ("Bastion", "Inside")}
        for name, own in changed.items():
            both = {**OTHERS[name]["Properties"], **own}
            kept = {key: value for key, value in both.items() if value is not None}
            made[name] = {**OTHERS[name], "Properties": kept}
        assert ("1 x of an instance" in billed(made)) is public


def test_spot_prices_and_mixtures_of_types_are_named_as_not_priced(billed):
    configuration = {**OTHERS["Configuration"]["Properties"], "SpotPrice": "0.01"}
    spot = resources(Configuration=("AutoScaling::LaunchConfiguration", configuration))
    line = billed({**OTHERS, **spot})["Group: of no known type and number"]
    assert line.price is None
    mixed = {
        "MinSize": "1",
        "MaxSize": "2",
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Launch"}},
                "Overrides": [{"InstanceType": "t3.micro"}, {"InstanceType": "t3.small"}],
            }
        },
    }
    made = resources(
        Launch=("EC2::LaunchTemplate", {"LaunchTemplateData": {"InstanceType": "t3.micro"}}),
        Group=("AutoScaling::AutoScalingGroup", mixed),
    )
    assert billed(made)["Group: of no known type and number"].price is None


def test_throttled_credits_without_a_target_say_nothing_of_one(billed):
    tired = {"ImageId": IMAGE, "InstanceType": "t2.micro"}
    line = billed(resources(Tired=("EC2::Instance", tired)))["1 x t2.micro"]
    assert line.note.endswith("although 15 % is asked for")


def test_a_read_replica_has_the_engine_of_its_source(billed):
    made = resources(
        First=(
            "RDS::DBInstance",
            {"DBInstanceClass": "db.t3.small", "Engine": "mysql", "AllocatedStorage": "5"},
        ),
        Replica=(
            "RDS::DBInstance",
            {"DBInstanceClass": "db.t3.micro", "SourceDBInstanceIdentifier": {"Ref": "First"}},
        ),
        Restored=("RDS::DBInstance", {"DBSnapshotIdentifier": "kept"}),
    )
    items = billed(made)
    assert "db.t3.micro with mysql" in items
    assert "a class of the snapshot's with an engine not said here" in items
