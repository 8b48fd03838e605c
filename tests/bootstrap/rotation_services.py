"""Secrets Manager and RDS, as far as a rotation asks them, behind boto3's own clients."""

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

from .cloud import REGION, Cloud
from .postgres import Database

_client = boto3.client
"""The function gets another one."""


@dataclass(frozen=True)
class Times:
    """In seconds."""

    status: float
    """From the call until RDS says that it resets the credentials."""
    applied: float
    """From the call until the password is in force."""
    done: float
    """From the call until nothing is pending any more."""
    timer: float
    """From one look of an instance to the next."""
    spread: float
    """By how much the timer is late, at most."""
    drain: float
    pause: float
    """Between two questions of the function."""


@dataclass
class Aws:
    """Secrets Manager and RDS, as far as a rotation asks them."""

    database: Database
    clouds: list[Cloud]
    times: Times
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    stages: dict[str, list[str]] = field(default_factory=dict)
    asked: float = 0

    def client(self, service: str) -> Any:
        """Return a real client whose calls, once it has found them well-formed, end here."""
        keys: dict[str, Any] = {"aws_access_key_id": "x" * 16, "aws_secret_access_key": "x"}
        make: Callable[..., Any] = _client
        client = make(service, region_name=REGION, **keys)
        client.meta.events.register("before-call", self._answer)
        return client

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, Any]:
        body = params["body"]
        body = json.loads(body) if isinstance(body, bytes) else body
        try:
            code, answer = 200, getattr(self, model.name)(body) or {}
        except KeyError as error:
            missing = {"Code": "ResourceNotFoundException", "Message": str(error)}
            code, answer = 400, {"Error": missing}
        metadata = {"ResponseMetadata": {"HTTPStatusCode": code}}
        headers: Any = {}
        return AWSResponse("", code, headers, None), answer | metadata

    def DescribeSecret(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"VersionIdsToStages": self.stages}

    def GetSecretValue(self, body: dict[str, Any]) -> dict[str, Any]:
        stage = body.get("VersionStage", "AWSCURRENT")
        version = body.get("VersionId") or next(v for v, s in self.stages.items() if stage in s)
        return {"SecretString": json.dumps(self.versions[version]["secret"])}

    def GetRandomPassword(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"RandomPassword": os.urandom(int(body["PasswordLength"]) // 2).hex()}

    def PutSecretValue(self, body: dict[str, Any]) -> None:
        value = {"secret": json.loads(body["SecretString"]), "created": time.time()}
        self.versions[body["ClientRequestToken"]] = value

    def UpdateSecretVersionStage(self, body: dict[str, Any]) -> None:
        self.stages[body["RemoveFromVersionId"]] = ["AWSPREVIOUS"]
        self.stages[body["MoveToVersionId"]] = ["AWSCURRENT"]
        version = self.versions[body["MoveToVersionId"]]
        for cloud in self.clouds:
            cloud.secret, cloud.created = version["secret"], version["created"]

    def ModifyDBInstance(self, body: dict[str, Any]) -> None:
        self.asked = time.monotonic()
        password = body["MasterUserPassword"]
        threading.Timer(self.times.applied, self.database.rotate, [password]).start()

    def DescribeDBInstances(self, body: dict[str, Any]) -> dict[str, Any]:
        since, pending, status = time.monotonic() - self.asked, {}, "available"
        if since < self.times.done:
            pending = {"MasterUserPassword": "****"}
            status = "resetting-master-credentials" if since > self.times.status else status
        return {"DBInstances": [{"DBInstanceStatus": status, "PendingModifiedValues": pending}]}


class Lambda:
    """The context of a call, with the time that the template gives the function."""

    def __init__(self) -> None:
        self.end = time.monotonic() + 600

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self.end - time.monotonic()))
