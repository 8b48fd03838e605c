"""One view of a set of templates, whatever form it comes in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.errors import ClinicError
from generator.model import guard, view
from tests.checks.sets import small

ROOT = Path(__file__).parents[2]
PARAMS = ROOT / "params"
YAML = """\
Parameters:
  Bits: {Type: String, Default: "16"}
  Open: {Type: String, Default: "no"}
Conditions:
  IsOpen: !Equals [!Ref Open, "yes"]
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: !Sub "10.0.0.0/${Bits}"}
  Gateway:
    Type: AWS::EC2::InternetGateway
    Condition: IsOpen
"""


def _properties(seen: view.View) -> dict[str, object]:
    """What the flat form orders by DependsOn, the nested one orders by its stacks."""
    return {name: resource.get("Properties") for name, resource in seen.resources.items()}


@pytest.mark.parametrize("env", ["seed", "dev", "prod"])
def test_the_code_the_committed_set_and_the_flat_form_give_the_same_view(env: str) -> None:
    built = view.load(env, PARAMS)
    assert view.load(env, PARAMS, ROOT / "output").resources == built.resources
    assert _properties(view.load(env, PARAMS, ROOT / "output" / "flat.json")) == _properties(built)
    assert built.layers["Database"] == "database"
    assert built.resources.keys() <= built.layers.keys()


def test_a_template_in_yaml_is_resolved_with_a_parameter_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(YAML)
    (tmp_path / "mine.json").write_text(
        json.dumps([{"ParameterKey": "Bits", "ParameterValue": "20"}])
    )
    seen = view.load(str(tmp_path / "mine.json"), PARAMS, tmp_path / "net.yaml")
    assert seen.of_type("AWS::EC2::VPC") == {"Vpc": {"CidrBlock": "10.0.0.0/20"}}
    assert list(seen.resources) == ["Vpc"]


def test_the_region_decides_the_zones() -> None:
    subnets = view.load("dev", PARAMS, region="sa-east-1").of_type("AWS::EC2::Subnet")
    assert {subnet["AvailabilityZone"] for subnet in subnets.values()} == {
        "sa-east-1a",
        "sa-east-1b",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not valid JSON"),
        ("a: [", "is neither JSON nor YAML"),
        ("Resources:\n\tA: 1\n", "neither JSON nor YAML: line 2, column 1: found character"),
        ("Resources: &a\n  A: *a\n", "line 1, column 12: found unconstructable recursive node"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"Resources": {}, "Parameters": []}', "its Parameters must be an object"),
        ('{"Resources": {"A": "b"}}', 'Resources/"A" must be an object'),
        ('{"Resources": {"A": {}}}', 'Resources/"A" has no Type'),
        ('{"Resources": {"Fn::ForEach::A": []}}', "expanded by CloudFormation alone: give what"),
        ('{"Resources": {"A": {"Type": {"Ref": "B"}}}}', 'Resources/"A" has no Type'),
        ("[]", "is not a template: it has no Resources"),
        ("\x80", "is not UTF-8 text"),
        (None, "cannot be read (no such file or directory)"),
    ],
)
def test_what_is_no_template_is_one_sentence(tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "t.json"
    if text is not None:
        file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ClinicError) as told:
        view.load("dev", PARAMS, file)
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_a_condition_that_is_not_there_is_named(tmp_path: Path) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Condition": "IsOpen"}
    (tmp_path / "t.json").write_text(json.dumps({"Conditions": {}, "Resources": {"A": bucket}}))
    (tmp_path / "mine.json").write_text("[]")
    with pytest.raises(ClinicError, match="cannot be resolved: IsOpen in Resources/A is asked for"):
        view.load(str(tmp_path / "mine.json"), PARAMS, tmp_path / "t.json")


def test_a_folder_without_a_root_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ClinicError, match=r"has no root\.json"):
        view.load("dev", PARAMS, tmp_path)


def test_a_set_that_does_not_hold_together_is_one_sentence(tmp_path: Path) -> None:
    for name, document in view.ours().items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    (tmp_path / "secrets.json").unlink()
    with pytest.raises(ClinicError, match="does not hold together: secrets is asked for"):
        view.load("dev", PARAMS, tmp_path)


def test_a_root_may_own_resources_and_show_nothing(tmp_path: Path) -> None:
    documents = small()
    vpc = {"Fn::GetAtt": ["NetworkStack", "Outputs.VpcId"]}
    documents["nested/root.json"]["Resources"]["Own"] = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"VpcId": vpc, "Tags": [{"Key": "Vpc", "Value": vpc}]},
    }
    for path, document in documents.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(json.dumps(document))
    (tmp_path / "mine.json").write_text("[]")
    seen = view.load(str(tmp_path / "mine.json"), PARAMS, tmp_path)
    assert seen.resources["Own"]["Properties"] == {
        "VpcId": {"Ref": "Vpc"},
        "Tags": [{"Key": "Vpc", "Value": {"Ref": "Vpc"}}],
    }
    assert "Own" not in seen.layers
    assert seen.outputs == {}


def test_other_values_change_what_the_set_makes_and_nothing_else() -> None:
    seen = view.load("dev", PARAMS)
    changed = seen.changed(NatGateways="per-zone")
    assert len(changed.of_type("AWS::EC2::NatGateway")) == 2
    assert seen.of_type("AWS::EC2::NatGateway") == {}
    assert changed.values == {**seen.values, "NatGateways": "per-zone"}
    assert changed.changed(NatGateways="none").resources == seen.resources


def test_what_the_code_builds_is_called_so_when_it_makes_no_sense() -> None:
    for told in guard.resolving, guard.expected:
        with pytest.raises(ClinicError, match=r"^what the code builds "), told(None):
            raise KeyError("Vpc")
