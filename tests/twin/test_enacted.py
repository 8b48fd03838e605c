"""What is said of each property: enacted, approximated or ignored, and nothing is left out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from generator import resource_types
from generator.errors import ClinicError
from generator.twin import enacted
from tests.conftest import ROOT
from tests.objects import judged
from tests.twin.planned import planned


@pytest.mark.parametrize("env", ["seed", "dev", "prod"])
def test_every_property_of_an_environment_is_one_of_the_three(env: str) -> None:
    deployed = planned(env)
    made = list(enacted.rows(deployed.resources))
    assert {row.resource for row in made} >= {"Database", "Distribution", "LaunchTemplate"}
    assert {row.does for row in made} == {"enacted", "approximated", "ignored"}
    assert {r.resource for r in made} | {"InternetGateway"} >= {
        name for name, resource in deployed.resources.items() if resource.get("Properties")
    }


def test_every_property_that_any_parameter_switches_on_is_one_of_the_three() -> None:
    whole = planned("prod").view.whole["Resources"]
    assert len(list(enacted.rows(whole))) > len(list(enacted.rows(planned("prod").resources)))


def test_no_property_is_two_of_the_three() -> None:
    for kind, row in resource_types.rows().items():
        names = [name for one in resource_types.TREATMENTS for name in row.get(f"twin_{one}", ())]
        assert len(names) == len(set(names)), kind


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ({"Type": "AWS::Nobody::Knows", "Properties": {}}, "Odd: AWS::Nobody::Knows is nothing"),
        ({"Type": "AWS::EC2::VPC", "Properties": {"InstanceTenancy": "x"}}, "Odd: InstanceTenancy"),
        (
            {"Type": "AWS::S3::Bucket", "Properties": {"WebsiteConfiguration": {}}},
            "Odd: WebsiteConfiguration is nothing",
        ),
        (
            {
                "Type": "AWS::CloudFront::Distribution",
                "Properties": {"DistributionConfig": {"OriginGroups": {}}},
            },
            "Odd: DistributionConfig.OriginGroups is nothing",
        ),
    ],
)
def test_what_is_none_of_the_three_is_refused_with_its_place(
    resource: dict[str, object], words: str
) -> None:
    with pytest.raises(ClinicError, match=words) as refused:
        list(enacted.rows({"Odd": resource}))
    assert refused.value.exit_code == 2


def test_the_report_has_a_line_for_each_property_and_ends_with_their_number() -> None:
    words = [sys.executable, "-m", "generator", "twin", "dev", "--report"]
    ended = [
        subprocess.run([*words, *more], cwd=ROOT, capture_output=True, text=True, check=False)
        for more in ([], ["--json"])
    ]
    assert [one.returncode for one in ended] == [0, 0], ended[0].stderr
    *made, done = judged(["twin", "dev", "--json"], 0, ended[1].stdout)
    assert done["kind"] == "done"
    assert {one["kind"] for one in made} == {"enacted"}
    assert ended[0].stdout.splitlines()[-1].startswith(f"{len(made)} properties of ")
