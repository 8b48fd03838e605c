"""Documents stay in a file system or in S3, and whoever would lose them is told before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.application.env.check import check_env_file, load_checked
from generator.errors import ClinicError
from tests.conftest import ROOT

from .files import GOOD, write

HERE = "BASE_URL=https://clinic.example\n"


def params(folder: Path, **values: str) -> Path:
    """A folder with the real schema and one environment, ``own``."""
    entries = [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]
    (folder / "own.json").write_text(json.dumps(entries))
    schema = (ROOT / "params" / "env.schema.json").read_text()
    (folder / "env.schema.json").write_text(schema)
    return folder


def said(folder: Path, text: str, env: str = "", **values: str) -> list[tuple[str, str]]:
    remarks = check_env_file(write(folder, text), params(folder, **values), env).remarks
    return [(r.severity, r.key) for r in remarks if r.rule == "documents"]


@pytest.mark.parametrize("values", [{}, {"DocumentsFileSystem": "true"}])
def test_in_the_file_system_they_stay_by_default(tmp_path: Path, values: dict[str, str]) -> None:
    assert said(tmp_path, GOOD + HERE, "own", **values) == []


@pytest.mark.parametrize("cloud", ["", "CLOUD=\n", "CLOUD=false\n"])
def test_neither_way_is_an_error_where_there_may_be_several_instances(
    tmp_path: Path, cloud: str
) -> None:
    found = said(tmp_path, GOOD + HERE + cloud, "own", DocumentsFileSystem="false")
    assert found == [("error", "CLOUD")]


def test_in_s3_they_stay_without_a_file_system(tmp_path: Path) -> None:
    assert said(tmp_path, f"{GOOD}CLOUD=true\n", "own", DocumentsFileSystem="false") == []


def test_nothing_is_pushed_to_where_documents_would_be_lost(tmp_path: Path) -> None:
    folder = params(tmp_path, DocumentsFileSystem="false")
    with pytest.raises(ClinicError, match="documents would be lost in own"):
        load_checked(write(tmp_path, GOOD + HERE), folder, "own")


def test_a_file_without_an_environment_is_held_against_all(tmp_path: Path) -> None:
    assert said(tmp_path, GOOD + HERE, DocumentsFileSystem="false") == [("warning", "CLOUD")]
    assert said(tmp_path, GOOD + HERE, DocumentsFileSystem="true") == []


def test_without_the_sites_address_documents_would_be_looked_for_at_home(tmp_path: Path) -> None:
    assert said(tmp_path, GOOD, "own") == [("warning", "BASE_URL")]
