"""A shell command on instances, by Systems Manager's Run Command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of
from generator.cloud.text import plain
from generator.errors import ClinicError

DOCUMENT = "AWS-RunShellScript"
OVER = {"Success", "Failed", "Cancelled", "TimedOut"}
DELIVERY_SECONDS = 60
"""An agent that has not taken the command by then will not."""


@dataclass(frozen=True)
class Answer:
    """How a command stands on one instance."""

    instance: str
    status: str
    """Pending, InProgress, Delayed, Cancelling, or one of OVER."""
    errors: str
    """The last line of its standard error."""


@dataclass(frozen=True)
class Remote:
    """A command that was sent."""

    aws: Aws
    id: str
    instances: Sequence[str]
    sent: datetime
    """By the service's own clock, which alarms and activities go by too."""

    def answers(self) -> list[Answer]:
        """How it stands on each instance."""
        ssm, found = self.aws.client("ssm"), list[Answer]()
        for instance in self.instances:
            try:
                told = ssm.get_command_invocation(CommandId=self.id, InstanceId=instance)
            except ClientError as error:
                # It is not known everywhere in the first second.
                if code_of(error) != "InvocationDoesNotExist":
                    raise
                found.append(Answer(instance, "Pending", ""))
                continue
            lines = told.get("StandardErrorContent", "").strip().splitlines()
            found.append(Answer(instance, told["Status"], plain(lines[-1] if lines else "")))
        return found

    def cancel(self) -> None:
        """End it everywhere; on an instance where it has ended nothing happens."""
        self.aws.client("ssm").cancel_command(CommandId=self.id, InstanceIds=list(self.instances))

    def wait(self, pause: Callable[[float], None], pace: float) -> list[Answer]:
        """The answers once it is over everywhere; its own time-outs see to that."""
        while True:
            answers = self.answers()
            if all(answer.status in OVER for answer in answers):
                return answers
            pause(pace)


def send(aws: Aws, instances: Sequence[str], script: str, seconds: int, comment: str) -> Remote:
    """Run a shell script as root for at most so many seconds.

    ClinicError (3) if Systems Manager does not reach an instance.
    """
    try:
        told = aws.client("ssm").send_command(
            InstanceIds=list(instances),
            DocumentName=DOCUMENT,
            Comment=comment,
            TimeoutSeconds=DELIVERY_SECONDS,
            Parameters={"commands": [script], "executionTimeout": [str(seconds)]},
        )
    except ClientError as error:
        if code_of(error) != "InvalidInstanceId":
            raise
        raise ClinicError(
            f"Systems Manager does not reach {', '.join(instances)}: its agent must run there and "
            "have a way out; `aws ssm describe-instance-information` lists whom it knows.",
            exit_code=3,
        ) from error
    command = told["Command"]
    return Remote(aws, command["CommandId"], instances, command["RequestedDateTime"])
