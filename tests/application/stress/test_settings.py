"""What the templates say of scaling is found, ours and others'."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.application.stress.settings import Settings, settings
from generator.errors import ClinicError
from generator.model.view import View, load
from tests.conftest import ROOT

SEED = load("seed", ROOT / "params")
GROUP, LAUNCH, POLICY = "BackendGroup", "LaunchTemplate", "CpuScaling"


def changed(logical: str, **properties: Any) -> View:
    """The seed with some properties of a resource changed; None takes one away."""
    resources = copy.deepcopy(dict(SEED.resources))
    found = resources[logical]["Properties"]
    found.update(properties)
    for name in [name for name, value in properties.items() if value is None]:
        del found[name]
    return replace(SEED, resources=resources)


def launch(**data: Any) -> View:
    """The seed with something changed in its launch template."""
    old = SEED.resources[LAUNCH]["Properties"]["LaunchTemplateData"]
    return changed(LAUNCH, LaunchTemplateData={**old, **data})


def test_the_seed_is_the_documented_group() -> None:
    assert settings(SEED) == Settings(
        period=60,
        target=40,
        smallest=2,
        largest=4,
        boot="build",
        warm=0,
        health=10,
        grace=1860,
        instance_type="t3.micro",
        standard=False,
    )


def test_prod_reads_its_own_metric_every_ten_seconds() -> None:
    assert settings(load("prod", ROOT / "params")).period == 10


def test_prod_as_shipped_starts_stopped_instances_of_a_built_image() -> None:
    shipped = settings(load("prod", ROOT / "params"))
    assert (shipped.boot, shipped.warm) == ("pull", 2)


def test_an_image_and_a_warm_pool_are_found(tmp_path: Path) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text(
        '[{"ParameterKey": "BackendImage", "ParameterValue": "clinic/backend:1"},'
        ' {"ParameterKey": "WarmPoolSize", "ParameterValue": "3"}]'
    )
    found = settings(load(str(mine), tmp_path))
    assert (found.boot, found.warm, found.grace) == ("pull", 3, 1590)


def test_without_detailed_monitoring_a_point_stands_for_five_minutes() -> None:
    assert settings(launch(Monitoring={"Enabled": False})).period == 300
    assert settings(launch(Monitoring={})).period == 300
    assert settings(launch(Monitoring={"Enabled": "true"})).period == 60


@pytest.mark.parametrize(
    ("script", "boot"),
    [
        ("git clone x && docker build -t y . && docker run y", "build"),
        ("docker run -d registry/backend:1", "pull"),
        ("systemctl start backend", "baked"),
    ],
)
def test_another_templates_script_tells_how_it_boots(script: str, boot: str) -> None:
    assert settings(launch(UserData={"Fn::Base64": script})).boot == boot


def test_only_the_balancers_health_check_has_a_grace_that_kills() -> None:
    assert settings(changed(GROUP, HealthCheckType="EC2")).grace is None


def test_t2_is_standard_unless_the_template_says_otherwise() -> None:
    assert settings(launch(InstanceType="t2.micro", CreditSpecification={})).standard
    assert not settings(launch(InstanceType="t3.micro", CreditSpecification={})).standard


def test_awss_defaults_stand_for_what_is_not_said() -> None:
    check = {"HealthCheckIntervalSeconds": None, "HealthyThresholdCount": None}
    assert settings(changed("TargetGroup", **check)).health == 150


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (replace(SEED, resources={}), "make no Auto Scaling group"),
        (changed(POLICY, TargetTrackingConfiguration=None), "no target tracking on CPU"),
        (changed(GROUP, MaxSize={"Fn::ImportValue": "x"}), "MaxSize is no number"),
    ],
)
def test_what_cannot_be_simulated_is_a_sentence(view: View, words: str) -> None:
    with pytest.raises(ClinicError, match=words):
        settings(view)
