"""A new database password, as Secrets Manager and RDS make one around the templates' function."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from generator.errors import ClinicError
from generator.twin.database import Database
from generator.twin.deployed import Deployed
from generator.twin.functions import invoke
from generator.twin.services import Answer, Services

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
APPLIED = 5.0
"""Seconds until a new password is in force. AWS says only that the change is asynchronous (RDS API
reference, ModifyDBInstance, MasterUserPassword); in these the secret still says the old one."""
FORM = [("Content-Type", "application/x-www-form-urlencoded")]


@dataclass
class Rotation:
    """The rotations of the database's secret."""

    services: Services
    deployed: Deployed
    database: Database
    bundle: Path
    pending: set[str] = field(default_factory=set)
    """Versions without a value yet, which Secrets Manager makes before it calls the function."""
    applying: bool = False

    def install(self) -> None:
        """Answer what the endpoint does not do by itself."""
        self.services.overlays |= {
            "secretsmanager:RotateSecret": self._rotate,
            "secretsmanager:DescribeSecret": self._describe,
            "rds:ModifyDBInstance": self._modify,
            "rds:DescribeDBInstances": self._instances,
        }

    @property
    def schedule(self) -> Mapping[str, Any] | None:
        """What rotates the secret; None where nothing does."""
        every = self.deployed.of_type("AWS::SecretsManager::RotationSchedule")
        return next(iter(every.values()), None)

    def rotate(self, version: str = "") -> None:
        """Call the function for each step. ClinicError (1) if one fails."""
        schedule = self.schedule
        if schedule is None:
            raise ClinicError("nothing rotates the password here.", exit_code=1)
        version = version or secrets.token_hex(16)
        self.pending.add(version)
        function = self.deployed.named(schedule["RotationLambdaARN"].rpartition(":")[2])
        event = {"SecretId": schedule["SecretId"], "ClientRequestToken": version}
        try:
            for step in STEPS:
                call = {**event, "Step": step}
                invoke(self.services, self.deployed, function, call, self.bundle)
        finally:
            self.pending.discard(version)

    def _rotate(self, asked: Mapping[str, str]) -> Answer | None:
        """As Secrets Manager: say the version at once, and rotate meanwhile."""
        if self.schedule is None:
            return None
        version = asked.get("ClientRequestToken") or secrets.token_hex(16)
        threading.Thread(target=self.rotate, args=(version,), daemon=True).start()
        return 200, json.dumps({"ARN": asked["SecretId"], "VersionId": version})

    def _describe(self, asked: Mapping[str, str]) -> Answer | None:
        if not self.pending:
            return None
        headers = [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", "secretsmanager.DescribeSecret"),
        ]
        body = json.dumps({"SecretId": asked["SecretId"]}).encode()
        status, _, data = self.services.forward("POST", "/", headers, body, "secretsmanager")
        described = json.loads(data)
        stages = described.setdefault("VersionIdsToStages", {})
        for version in self.pending - set(stages):
            stages[version] = ["AWSPENDING"]
        return status, json.dumps(described)

    def _modify(self, asked: Mapping[str, str]) -> Answer | None:
        """The endpoint takes the change; a new password is in force a little later."""
        if (password := asked.get("MasterUserPassword")) is not None:
            self.applying = True
            threading.Thread(target=self._apply, args=(password,), daemon=True).start()
        return None

    def _apply(self, password: str) -> None:
        time.sleep(APPLIED)
        self.database.set_password(password)
        self.applying = False

    def _instances(self, asked: Mapping[str, str]) -> Answer | None:
        if not self.applying:
            return None
        body = urlencode(asked).encode()
        status, _, data = self.services.forward("POST", "/", FORM, body, "rds")
        mark = "<PendingModifiedValues>"
        password = f"{mark}<MasterUserPassword>****</MasterUserPassword>"
        return status, data.decode().replace(mark, password)
