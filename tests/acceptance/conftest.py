"""The embedded endpoint, as the tests of generator/cloud have it, and runs at it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.acceptance import begin
from generator.acceptance.begin import AcceptanceRequest, Silent
from generator.acceptance.bundle import Bundle, StepReport
from generator.acceptance.calls import CallRecorder
from generator.acceptance.evidence import AcceptanceRun
from generator.acceptance.run import accept
from generator.cloud.aws import Aws, connect
from generator.local import Endpoint
from tests.cloud.conftest import aws, endpoint, new_account, no_credentials_of_this_machine
from tests.conftest import ROOT

__all__ = ["aws", "endpoint", "no_credentials_of_this_machine"]


class Heard(Silent):
    """A report that keeps what it says to people, and prints nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, text: str = "") -> None:
        self.lines.append(text)


def recorded(bundle: Bundle) -> StepReport:
    """A report that goes into the bundle only."""
    return StepReport(bundle, Silent())


class Account:
    """An account that nobody has used, a bundle's folder, and processes that run in both."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment, self.folder = environment, folder
        self.agreed: bool | None = True
        self.asked = list[str]()
        self.answer = "yes"
        self.recorder = CallRecorder()
        self.first: AcceptanceRun | None = None

    def aws(self) -> Aws:
        return connect(variables=self.environment)

    def resumed(self) -> AcceptanceRun:
        """The first run as a new process has it; its plan is not calculated again."""
        assert self.first
        aws, self.recorder = self.aws(), CallRecorder()
        self.recorder.listen(aws)
        bundle = Bundle(self.folder)
        begin.register_sensitive_values(bundle, aws, self.first.env.values, None)
        return begin.resume(replace(self.first, aws=aws, bundle=bundle, report=recorded(bundle)))

    def run(self, resume: bool = False, **more: Any) -> AcceptanceRun:
        """What a call of the command makes: begun or resumed, and no step done."""
        given = {
            name: more.pop(name)
            for name in [*more]
            if name in AcceptanceRequest.__dataclass_fields__
        }
        order = AcceptanceRequest(
            **{"env": "dev", "params": ROOT / "params", "folder": self.folder, **given}
        )
        self.recorder = CallRecorder()
        made = begin.prepare(order, self.aws(), self.recorder, Silent())
        made = replace(made, pace=0.02, **more)
        if resume:
            return begin.resume(made)
        begin.begin(made, order, self.ask, yes=False)
        self.first = made
        return made

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answer

    def agree(self, question: str) -> bool:
        self.asked.append(question)
        return bool(self.agreed)

    def accept(self, run: AcceptanceRun) -> AcceptanceRun:
        accept(run, self.agree, self.recorder)
        return run


@pytest.fixture
def account(endpoint: Endpoint, tmp_path: Path) -> Account:
    environment = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
    return Account(environment, tmp_path / "bundle")


@pytest.fixture(scope="session")
def made(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a whole run."""
    environment = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
    account = Account(environment, tmp_path_factory.mktemp("made") / "bundle")
    account.accept(account.run())
    return account.folder
