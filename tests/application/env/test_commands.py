"""`clinic env` as a person types it, against the embedded endpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.application.env.supplied import OWN
from generator.cloud.aws import Aws
from generator.local import Endpoint
from tests.cloud import small
from tests.cloud.conftest import new_account

from .conftest import DEV, Run, bucket, keys, to
from .files import GOOD, KEY, SECRET, VALUES, write

BOTH = [".env", ".env.fingerprint"]


def objects(out: str) -> list[dict[str, object]]:
    """Without the last one, done: see tests/objects.py."""
    return [json.loads(line) for line in out.splitlines()][:-1]


def test_check_tells_lines_and_exits_with_1_only_for_errors(env: Run, tmp_path: Path) -> None:
    good = env("check", write(tmp_path, f"{GOOD}PORT=80\n"))
    assert good.code == 0
    assert ".env:4: warning: PORT is supplied by the instance" in good.out
    assert "Supplied by the stack: DB_HOST, DB_PORT, " in good.out
    bad = env("check", write(tmp_path, f"{GOOD}export A=1\n"))
    assert bad.code == 1
    assert ".env:4: error: `export`" in bad.out


def test_check_tells_programs_one_object_a_line(env: Run, tmp_path: Path) -> None:
    ended = env("check", write(tmp_path, f"{GOOD}A= 1\n"), "--json")
    kinds = objects(ended.out)
    assert {"rule": "space", "line": 4, "key": "A"}.items() <= kinds[0].items()
    assert kinds[-1]["kind"] == "supplied"
    assert kinds[-2]["kind"] == "checked"
    assert kinds[-2]["against_schema"] is True
    assert kinds[-2]["errors"] == sum(line.get("severity") == "error" for line in kinds)


def test_push_sends_the_file_encrypted_versioned_and_with_a_fingerprint(
    env: Run, aws: Aws, tmp_path: Path
) -> None:
    ended = env("push", "dev", write(tmp_path, GOOD))
    assert ended.code == 0
    assert "added:    JWT_SECRET, GEMINI_API_KEY, JWT_EXPIRATION_TIME" in ended.out
    told = aws.client("s3").get_object(Bucket=bucket(aws), Key=".env")
    assert told["Body"].read() == GOOD.encode()
    assert told["ServerSideEncryption"] == "AES256"
    assert told["VersionId"] in ended.out
    assert keys(aws) == BOTH


def test_with_a_customers_key_the_file_is_encrypted_with_it(
    endpoint: Endpoint, env: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = new_account()
    aws = to(endpoint, name)
    small.deploy(aws, DEV.with_values(CustomerKey="true"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", name)
    assert env("push", "dev", write(tmp_path, GOOD)).code == 0
    s3 = aws.client("s3")
    assert s3.head_object(Bucket=bucket(aws), Key=".env")["ServerSideEncryption"] == "aws:kms"
    told = s3.head_object(Bucket=bucket(aws), Key=".env.fingerprint")
    assert told["ServerSideEncryption"] == "AES256"


def test_an_unchanged_file_is_not_sent_again(env: Run, aws: Aws, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    env("push", "dev", path)
    ended = env("push", "dev", path)
    assert (ended.code, "nothing was sent" in ended.out) == (0, True)
    assert keys(aws) == BOTH


def test_a_file_with_errors_is_refused_and_nothing_changes(
    env: Run, aws: Aws, tmp_path: Path
) -> None:
    ended = env("push", "dev", write(tmp_path, f'{GOOD}A="1"\n'))
    assert (ended.code, ended.out) == (2, "")
    assert ".env:4: error: the quotes around the value of A" in ended.err
    assert keys(aws) == []


def test_a_push_warns_of_a_file_that_others_can_read(env: Run, aws: Aws, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.chmod(0o644)
    ended = env("push", "dev", path)
    assert ended.code == 0
    assert f"chmod 600 {path}" in ended.err
    assert keys(aws) == BOTH


def test_a_change_is_told_by_key_and_sent_as_a_new_version(
    env: Run, aws: Aws, tmp_path: Path
) -> None:
    env("push", "dev", write(tmp_path, GOOD))
    changed = write(tmp_path, f"{GOOD.replace('86400', '43200')}CLOUD=false\n")
    before = env("diff", "dev", changed)
    assert before.code == 1
    assert before.out.splitlines()[1:] == [
        "key                  how",
        "CLOUD                only in the file",
        "JWT_EXPIRATION_TIME  another value",
    ]
    ended = env("push", "dev", changed)
    assert "changed:  JWT_EXPIRATION_TIME" in ended.out
    assert keys(aws) == sorted(BOTH * 2)
    after = env("diff", "dev", changed)
    assert (after.code, "The same keys and values." in after.out) == (0, True)


def test_without_a_file_the_last_push_is_told(
    env: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = Path("params").absolute()
    monkeypatch.setattr("os.chdir", lambda _: None)
    env("push", "dev", write(tmp_path, GOOD), "--params", params)
    assert env("diff", "dev", "--params", params).code == 0
    env("push", "dev", write(tmp_path, f"{GOOD}CLOUD=false\n"), "--params", params)
    ended = env("diff", "dev", "--params", params, "--json")
    assert ended.code == 1
    assert objects(ended.out) == [
        {"kind": "difference", "key": "CLOUD", "how": "added"},
        {"kind": "diff", "same": False},
    ]


def test_without_a_file_the_environments_own_is_compared(env: Run, tmp_path: Path) -> None:
    (tmp_path / "dev.json").write_bytes(Path("params/dev.json").read_bytes())
    path = write(tmp_path, GOOD, "dev.env")
    env("push", "dev", path, "--params", tmp_path)
    ended = env("diff", "dev", "--params", tmp_path)
    assert ended.code == 0
    assert f"{path} against version" in ended.out


def test_show_lists_keys_version_and_suppliers(env: Run, tmp_path: Path) -> None:
    env("push", "dev", write(tmp_path, GOOD))
    ended = env("show", "dev")
    assert ended.code == 0
    rows = [line.split(maxsplit=1) for line in ended.out.splitlines()]
    assert ["JWT_SECRET", "the .env"] in rows
    assert ["DB_PASSWORD", OWN] in rows
    assert ["PORT", "the instance"] in rows
    assert " UTC, " in ended.out


@pytest.mark.parametrize("json_too", [(), ("--json",)])
def test_values_are_shown_only_to_whoever_asks(
    env: Run, tmp_path: Path, json_too: tuple[str, ...]
) -> None:
    path = write(tmp_path, GOOD)
    other = write(tmp_path, GOOD.replace(KEY, "another-fake-key"), "other.env")
    runs = [
        *(env("check", path, *json_too), env("push", "dev", path, *json_too)),
        *(env("show", "dev", *json_too), env("diff", "dev", other, *json_too)),
    ]
    assert not any(value in run.out + run.err for run in runs for value in VALUES)
    assert SECRET in env("show", "dev", "--reveal", *json_too).out
    shown = env("diff", "dev", other, "--reveal", *json_too).out
    assert KEY in shown
    assert "another-fake-key" in shown
    assert SECRET not in shown


def test_a_file_that_came_another_way_is_noticed(env: Run, aws: Aws, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    env("push", "dev", path)
    aws.client("s3").put_object(Bucket=bucket(aws), Key=".env", Body=b"A=1\n")
    assert "did not come by `clinic env push`" in env("show", "dev").out
    unknown = env("diff", "dev", path)
    assert (unknown.code, "has no fingerprint" in unknown.err) == (2, True)
    assert env("diff", "dev", path, "--reveal").code == 1
    assert env("push", "dev", path).code == 0
    assert env("diff", "dev", path).code == 0


def test_a_file_can_be_pushed_while_the_stack_is_still_being_made(
    env: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.application.env.deployed.CONFIGURATION_BUCKET.title", "Later")
    assert env("push", "dev", write(tmp_path, GOOD)).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["push", "prod"], "there is no stack clinic-prod"),
        (["push", "nowhere"], "there is no environment"),
        (["show", "dev"], "clinic-dev has no .env yet"),
        (["diff", "dev"], "clinic-dev has no .env yet"),
    ],
)
def test_what_is_not_there_is_named(
    env: Run, tmp_path: Path, arguments: list[str], words: str
) -> None:
    file = [write(tmp_path, GOOD)] if arguments[0] != "show" else []
    ended = env(*arguments, *file)
    assert ended.code == 2
    assert words in ended.err


@pytest.mark.parametrize("command", [["check"], ["push", "dev"], ["diff", "dev"]])
@pytest.mark.parametrize("path", ["nowhere.env", "params", "/dev/null"])
def test_a_file_that_cannot_be_read_is_bad_input(env: Run, command: list[str], path: str) -> None:
    ended = env(*command, path)
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1


def test_an_empty_file_cannot_be_compared(env: Run, tmp_path: Path) -> None:
    ended = env("diff", "dev", write(tmp_path, ""))
    assert (ended.code, "the file is empty" in ended.err) == (2, True)


@pytest.mark.parametrize("command", [("show", "dev"), ("diff", "dev", ".env")])
def test_lines_of_a_deployed_file_that_give_no_value_are_told(
    env: Run, aws: Aws, tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = write(tmp_path, GOOD)
    text = f"{GOOD}export HIDDEN=1\n".encode()
    aws.client("s3").put_object(Bucket=bucket(aws), Key=".env", Body=text)
    asked = [path if word == ".env" else word for word in command]
    ended = env(*asked, "--reveal")
    assert "deployed, line 4: `export` is not known to Docker" in ended.out
    remark = {"kind": "remark", "line": 4, "rule": "export"}
    told = objects(env(*asked, "--reveal", "--json").out)
    assert any(remark.items() <= one.items() for one in told)
