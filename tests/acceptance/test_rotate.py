"""A rotation begins once, is waited for, and is given up when its time is over."""

from __future__ import annotations

from typing import Any

import pytest

from generator.acceptance import rotate as rotating
from generator.application.smoke.ask import UntestedError
from generator.cloud.aws import Aws, explained
from generator.cloud.stacks import Resource, Stack
from generator.errors import ClinicError
from generator.report import Report

SECRET = Resource("SecretsStack/DatabaseSecret", "AWS::SecretsManager::Secret", "arn", "", "")
SCHEDULE = Resource("DatabaseStack/RotationSchedule", "x", "arn", "", "")
BUSY = "A previous rotation isn't complete. That rotation will be reattempted."


class Manager:
    """Secrets Manager by script: the current version of each look, and what a rotation says."""

    def __init__(self, aws: Aws, *current: str, error: str = "") -> None:
        self.current, self.error, self.begun = [*current], error, 0
        events: Any = aws.session.events  # its stubs know no handler that answers
        events.register("before-call.secrets-manager", self.answer)

    def answer(self, model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        if model.name == "DescribeSecret":
            now = self.current[0] if len(self.current) == 1 else self.current.pop(0)
            return _http(200), {"VersionIdsToStages": {now: ["AWSCURRENT"], "next": ["AWSPENDING"]}}
        self.begun += 1
        if not self.error:
            return _http(200), {"VersionId": "next"}
        return _http(400), {"Error": {"Code": "InvalidRequestException", "Message": self.error}}


def _http(status: int) -> Any:
    return type("Answer", (), {"status_code": status})()


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[Resource]:
    """The stack's resources."""
    resources = [SECRET, SCHEDULE]
    stack = Stack("id", "clinic-dev", "CREATE_COMPLETE", "", {}, {})
    monkeypatch.setattr(rotating, "existing", lambda aws, name: stack)
    monkeypatch.setattr(rotating, "tree", lambda aws, stack: tuple(resources))
    return resources


def rotate(aws: Aws, limit: float = 5) -> None:
    with explained():
        rotating.rotate(aws, "clinic-dev", Report(json=True), pace=0, limit=limit)


def test_it_ends_when_another_version_is_current(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    manager = Manager(aws, "old", "old", "old", "new")
    rotate(aws)
    assert manager.begun == 1
    assert manager.current == ["new"]
    assert '"kind": "rotated"' in capsys.readouterr().out


def test_one_that_is_under_way_is_waited_for(aws: Aws) -> None:
    manager = Manager(aws, "old", "old", "new", error=BUSY)
    rotate(aws)
    assert manager.current == ["new"]


def test_another_refusal_is_one(aws: Aws) -> None:
    Manager(aws, "old", "new", error="You can't perform this on a secret marked for deletion.")
    with pytest.raises(ClinicError, match="marked for deletion"):
        rotate(aws)


def test_one_that_never_ends_fails_and_names_the_log(aws: Aws) -> None:
    Manager(aws, "old")
    with pytest.raises(ClinicError, match="the function Rotation") as ended:
        rotate(aws, limit=0)
    assert ended.value.exit_code == 1


def test_a_stack_without_a_rotation_is_not_tested(aws: Aws, made: list[Resource]) -> None:
    made.remove(SCHEDULE)
    with pytest.raises(UntestedError, match="PasswordRotationDays is 0"):
        rotate(aws)
