"""The same templates under other values."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import ClinicError
from generator.model import view
from generator.model.variant import with_values

PARAMS = Path(__file__).parents[2] / "params"


def test_other_values_give_another_view_of_the_same_set() -> None:
    seen = view.load("seed", PARAMS)
    other = with_values(seen, NatGateways="per-zone")
    assert "NatGatewayB" in other.resources
    assert "NatGatewayB" not in seen.resources
    assert other.values == {**seen.values, "NatGateways": "per-zone"}
    assert other.templates is seen.templates


def test_values_that_were_written_into_a_file_give_the_same(tmp_path: Path) -> None:
    text = (PARAMS / "seed.json").read_text().replace('"one"', '"per-zone"')
    (tmp_path / "seed.json").write_text(text)
    changed = with_values(view.load("seed", PARAMS), NatGateways="per-zone")
    assert view.load("seed", tmp_path) == changed


def test_the_region_stays_the_same() -> None:
    seen = with_values(view.load("seed", PARAMS, region="sa-east-1"), Zones="3")
    assert seen.resources["DataSubnetC"]["Properties"]["AvailabilityZone"] == "sa-east-1c"


def test_what_does_not_fit_is_one_sentence() -> None:
    seen = view.load("seed", PARAMS)
    with pytest.raises(ClinicError, match="did you mean Release"):
        with_values(seen, Relase="2")
    with pytest.raises(ClinicError, match="MaxInstances must be above"):
        with_values(seen, MinInstances="4")
