"""A file is held against what the backend needs, and no remark shows a value."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from generator.application.env import rehearse
from generator.application.env.check import check_env_file, load_checked
from generator.application.env.supplied import DEFAULTS, SUPPLIED, is_taken_out
from generator.errors import ClinicError
from generator.shipped import text as shipped
from tests.conftest import ROOT

from .files import GOOD, KEY, PARAMS, SECRET, WHOLE, write

SCHEMA = json.loads((PARAMS / "env.schema.json").read_text())
CLOUD = """CLOUD=true
AWS_REGION=us-east-1
AWS_S3_BUCKET_NAME=clinic-documents
AWS_ACCESS_KEY_ID=FAKEFAKEFAKEFAKEFAKE
AWS_SECRET_ACCESS_KEY=fake
AWS_S3_CDN=https://cdn.example
BASE_URL=https://clinic.example
"""


def said(folder: Path, text: str, params: Path = PARAMS) -> dict[tuple[str, str], tuple[str, int]]:
    """Severity and line of each remark by rule and key."""
    remarks = check_env_file(write(folder, text), params).remarks
    return {(r.rule, r.key): (r.severity, r.line) for r in remarks if r.rule != "documents"}


@pytest.mark.parametrize("text", [GOOD, GOOD + CLOUD, GOOD + "CLOUD=false\n"])
def test_what_the_backend_needs_is_enough(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text) == {}


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (f"GEMINI_API_KEY={KEY}\n", ("missing", "JWT_SECRET", "error", 0)),
        (f"JWT_SECRET={SECRET}\n", ("missing", "GEMINI_API_KEY", "error", 0)),
        (f"JWT_SECRET={SECRET}\nGEMINI_API_KEY=\n", ("no-value", "GEMINI_API_KEY", "error", 2)),
        (f"JWT_SECRET=\nGEMINI_API_KEY={KEY}\n", ("no-value", "JWT_SECRET", "error", 1)),
        (GOOD.replace("86400", "99"), ("not", "JWT_EXPIRATION_TIME", "error", 3)),
        (GOOD.replace("86400", "3d"), ("pattern", "JWT_EXPIRATION_TIME", "error", 3)),
        (GOOD.replace("86400", "86400s"), ("pattern", "JWT_EXPIRATION_TIME", "error", 3)),
        (GOOD.replace("86400", "-1"), ("pattern", "JWT_EXPIRATION_TIME", "error", 3)),
        (GOOD.replace(SECRET, "short"), ("minLength", "JWT_SECRET", "warning", 1)),
        (f"{GOOD}CLOUD=yes\n", ("enum", "CLOUD", "error", 4)),
        (f"{GOOD}AWS_REGION=Europe\n", ("pattern", "AWS_REGION", "error", 4)),
        (f"{GOOD}DB_HOST=x\n", ("supplied", "DB_HOST", "warning", 4)),
        (f"{GOOD}SSL_ENABLED=false\n", ("supplied", "SSL_ENABLED", "warning", 4)),
        (f"{GOOD}DB_TYPE=postgres\n", ("unused", "DB_TYPE", "warning", 4)),
        (f"{GOOD}DB_HOTS=x\n", ("supplied", "DB_HOTS", "warning", 4)),
        (f"{GOOD}COLOUR=red\n", ("unknown", "COLOUR", "warning", 4)),
        (f"{GOOD}NODE_OPTIONS=-x\n", ("const", "NODE_OPTIONS", "warning", 4)),
    ],
)
def test_each_key_is_held_against_the_schema(
    tmp_path: Path, text: str, remark: tuple[str, str, str, int]
) -> None:
    rule, key, severity, line = remark
    remarks = check_env_file(write(tmp_path, text), PARAMS).remarks
    found = [(r.rule, r.key, r.severity, r.line) for r in remarks if r.rule != "documents"]
    assert found == [(rule, key, severity, line)]


def test_storing_documents_in_the_cloud_needs_keys(tmp_path: Path) -> None:
    found = said(tmp_path, f"{GOOD}CLOUD=true\nAWS_REGION=\n")
    assert {key for (rule, key), _ in found.items() if rule == "missing"} == {
        *("AWS_S3_BUCKET_NAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    assert found["no-value", "AWS_REGION"] == ("error", 5)


def test_a_near_miss_names_what_was_meant(tmp_path: Path) -> None:
    remarks = check_env_file(
        write(tmp_path, f"JWT_SECRT={SECRET}\nGEMINI_API_KEY={KEY}\n"), PARAMS
    ).remarks
    words = " ".join(remark.message for remark in remarks)
    assert "did you mean JWT_SECRET?" in words
    assert "Is JWT_SECRT meant for it?" in words


def test_errors_are_told_with_file_and_line_and_without_values(tmp_path: Path) -> None:
    path = write(tmp_path, f'JWT_SECRET="{SECRET}"\nexport GEMINI_API_KEY={KEY}\nCLOUD={KEY}\n')
    with pytest.raises(ClinicError) as refused:
        load_checked(path, PARAMS)
    assert refused.value.exit_code == 2
    for line in (1, 2, 3):
        assert f"{path}:{line}: error: " in str(refused.value)
    assert SECRET not in str(refused.value)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_told_with_the_command_that_ends_it(
    tmp_path: Path, mode: int
) -> None:
    path = write(tmp_path, WHOLE, "my secrets.env")
    path.chmod(mode)
    [remark] = check_env_file(path, PARAMS).remarks
    assert (remark.severity, remark.rule, remark.line) == ("warning", "permissions", 0)
    assert f"chmod 600 '{path}'" in remark.message
    path.chmod(0o600)
    assert check_env_file(path, PARAMS).remarks == []


def test_a_login_of_3d_is_refused_with_the_reason(tmp_path: Path) -> None:
    [remark] = check_env_file(write(tmp_path, WHOLE.replace("86400", "3d")), PARAMS).remarks
    assert "logs everybody out after 3 seconds" in remark.message
    assert "86400" in remark.message


def test_the_rehearsals_own_file_has_no_error(tmp_path: Path) -> None:
    assert check_env_file(write(tmp_path, rehearse.FAKE), PARAMS).errors == []


def test_without_a_schema_only_dockers_rules_count(tmp_path: Path) -> None:
    assert said(tmp_path, "ANY=1\n", tmp_path) == {}
    assert ("export", "ANY") in said(tmp_path, "export ANY=1\n", tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ('{"type": 1}', "no JSON Schema: type"),
        ("true", "must be a schema"),
    ],
)
def test_a_broken_schema_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "env.schema.json").write_text(text)
    with pytest.raises(ClinicError, match=words):
        check_env_file(write(tmp_path, GOOD), tmp_path)


def test_a_schema_of_the_operators_own_is_obeyed_without_showing_values(tmp_path: Path) -> None:
    schema = {"properties": {"A": {"maxLength": 3}}, "maxProperties": 1}
    (tmp_path / "env.schema.json").write_text(json.dumps(schema))
    found = check_env_file(write(tmp_path, "A=hidden\nB=1\n"), tmp_path).remarks
    assert "A does not fit the schema's maxLength 3." in [remark.message for remark in found]
    assert "the file does not fit the schema's maxProperties 1." in [r.message for r in found]
    assert "hidden" not in "".join(remark.message for remark in found)


def test_the_schema_is_one_and_describes_every_key() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert all(about["description"] for about in SCHEMA["properties"].values())
    documented = (ROOT / "params/env.schema.json").read_text()
    assert "JWT_SECRET" in documented


def test_the_schema_knows_what_the_stack_supplies() -> None:
    read_only = {key for key, about in SCHEMA["properties"].items() if about.get("readOnly")}
    assert read_only == set(SUPPLIED)


def test_the_stack_supplies_what_the_instance_says_and_takes_out_what_it_takes_out() -> None:
    script = shipped("generator.bootstrap", "backend.sh")
    user = shipped("generator.bootstrap", "database.sh")
    [pattern] = re.findall(r"\\s\*\(\(([^)]*)\)\\s\*=", script)
    assert all(re.fullmatch(pattern, key) for key in SUPPLIED)
    assert not any(map(is_taken_out, DEFAULTS))
    for key in ("DB_X", "PORT", "SSL_ENABLED", "PORTS", "JWT_SECRET"):
        assert is_taken_out(key) == bool(re.fullmatch(pattern, key))
    written = set(re.findall(r"\b([A-Z_]+)=", script))
    assert {"DB_DATABASE", "SSL_ENABLED", "PORT", *DEFAULTS} <= written
    assert set(re.findall(r"(DB_[A-Z]+)=%s", user)) == {
        key for key, by in SUPPLIED.items() if by in (SUPPLIED["DB_HOST"], SUPPLIED["DB_USERNAME"])
    }
