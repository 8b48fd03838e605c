"""What is sent is what was checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.cloud.environment import load
from generator.errors import ClinicError
from generator.parameters import files as parameters

PARAMS = Path(__file__).parents[2] / "params"


def test_every_environment_of_the_repository_loads_in_both_forms() -> None:
    for name in parameters.environments(PARAMS):
        nested, flat = load(name, PARAMS), load(name, PARAMS, flat=True)
        assert nested.stack == flat.stack == f"clinic-{name}"
        assert (nested.top, flat.top) == ("root.json", "flat.json")
        assert list(flat.documents) == ["flat.json"]


def test_every_nested_stack_of_the_root_has_its_template() -> None:
    env = load("dev", PARAMS)
    assert set(env.children()) == set(env.documents["root.json"]["Resources"])


def test_every_parameter_is_sent_so_that_nothing_is_left_of_an_earlier_deployment() -> None:
    env = load("dev", PARAMS)
    assert set(env.parameters("https://x/y")) == set(env.documents["root.json"]["Parameters"])
    assert env.parameters("https://x/y")["TemplateBaseUrl"] == "https://x/y"
    assert env.parameters("")["InstanceType"] == env.values["InstanceType"]


def test_the_digest_is_of_the_files_and_not_of_the_parameters() -> None:
    dev, prod = load("dev", PARAMS), load("prod", PARAMS)
    assert dev.digest == prod.digest == dev.with_values(Zones="3").digest
    assert dev.digest != load("dev", PARAMS, flat=True).digest


def test_a_wrong_parameter_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps([{"ParameterKey": "Zones", "ParameterValue": "9"}]))
    with pytest.raises(ClinicError, match="Zones"):
        load(str(path), PARAMS)


@pytest.mark.parametrize("stem", ["with space", "-first", "ünder", "a" * 70])
def test_a_file_whose_name_cannot_name_a_stack_is_refused(tmp_path: Path, stem: str) -> None:
    (tmp_path / f"{stem}.json").write_text("[]")
    with pytest.raises(ClinicError, match="cannot name a stack"):
        load(str(tmp_path / f"{stem}.json"), PARAMS)
