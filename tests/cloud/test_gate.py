"""The gate lets nothing pass that takes data away, unless a person names it."""

from __future__ import annotations

from typing import Any

import pytest

from generator.checks.changes.stateful import STATEFUL
from generator.cloud.change_guard import refuse_data_loss
from generator.errors import ClinicError
from tests.checks.changes.test_changes import changes, flat


@pytest.mark.parametrize("kind", sorted(STATEFUL))
@pytest.mark.parametrize("action", ["Remove", "Modify"])
def test_the_gate_stops_what_removes_or_replaces_data(kind: str, action: str) -> None:
    old = {"Thing": {"Type": kind, "DeletionPolicy": "Delete"}}
    new = {"Thing": {"Type": "AWS::SNS::Topic"}} if action == "Modify" else {}
    found = list(flat(old, new).values())
    with pytest.raises(ClinicError, match="--allow-data-loss Thing") as told:
        refuse_data_loss(found, ())
    assert told.value.exit_code == 3
    refuse_data_loss(found, ("Thing",))


def test_the_gate_lets_pass_what_adds_or_updates() -> None:
    bucket = {"Type": "AWS::S3::Bucket"}
    tagged = {**bucket, "Properties": {"Tags": [{"Key": "a", "Value": "b"}]}}
    refuse_data_loss(flat({"Old": bucket}, {"Old": tagged, "New": bucket}).values(), ())


def test_the_gate_wants_every_loss_to_be_named() -> None:
    bucket = {"Type": "AWS::S3::Bucket"}
    with pytest.raises(ClinicError) as told:
        refuse_data_loss(flat({"One": bucket, "Two": bucket}, {}).values(), ("One",))
    assert "--allow-data-loss Two" in str(told.value)
    assert "One" not in str(told.value)


def test_a_key_for_the_data_costs_the_database_and_the_gate_says_why() -> None:
    with pytest.raises(ClinicError) as told:
        refuse_data_loss(changes(CustomerKey="true").values(), ())
    assert "DatabaseStack/Database would be replaced" in str(told.value)
    assert "KmsKeyId" in str(told.value)


@pytest.mark.parametrize(
    ("new", "typed", "says"),
    [
        ({}, "Bukcet", '"Bukcet", which is not in this plan: did you mean Bucket?'),
        ({}, "Nope", '"Nope", which is not in this plan: name one of Bucket, Log.'),
        ({"Log": {"Type": "AWS::Logs::LogGroup"}}, "Log", "name one of Bucket."),
        (None, "Nope", "leave it out, since this plan loses no data."),
    ],
)
def test_an_id_that_is_not_in_the_plan_is_refused_with_those_that_could_be_meant(
    new: dict[str, Any] | None, typed: str, says: str
) -> None:
    old = {"Bucket": {"Type": "AWS::S3::Bucket"}, "Log": {"Type": "AWS::Logs::LogGroup"}}
    found = flat(old, old if new is None else new)
    with pytest.raises(ClinicError, match=r"^--allow-data-loss names ") as told:
        refuse_data_loss(found.values(), ("Bucket", typed) if new else (typed,))
    assert str(told.value).endswith(says)
    assert told.value.exit_code == 2
