"""The embedded endpoint, as the tests of generator/cloud have it, and runs at it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.acceptance import begin
from generator.acceptance.begin import Order, Silent
from generator.acceptance.bundle import Bundle, Recorded
from generator.acceptance.calls import Recorder
from generator.acceptance.evidence import Acceptance
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


def recorded(bundle: Bundle) -> Recorded:
    """A report that goes into the bundle only."""
    return Recorded(bundle, Silent())


class Account:
    """An account that nobody has used, a bundle's folder, and processes that run in both."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment, self.folder = environment, folder
        self.agreed: bool | None = True
        self.asked = list[str]()
        self.answer = "yes"
        self.recorder = Recorder()
        self.first: Acceptance | None = None

    def aws(self) -> Aws:
        return connect(variables=self.environment)

    def resumed(self) -> Acceptance:
        """The first run as a new process has it; its plan is not calculated again."""
        assert self.first
        aws, self.recorder = self.aws(), Recorder()
        self.recorder.listen(aws)
        bundle = Bundle(self.folder)
        begin.know(bundle, aws, self.first.env.values, None)
        return begin.resume(replace(self.first, aws=aws, bundle=bundle, report=recorded(bundle)))

    def run(self, resume: bool = False, **more: Any) -> Acceptance:
        """What a call of the command makes: begun or resumed, and no step done."""
        given = {name: more.pop(name) for name in [*more] if name in Order.__dataclass_fields__}
        order = Order(**{"env": "dev", "params": ROOT / "params", "folder": self.folder, **given})
        self.recorder = Recorder()
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

    def accept(self, run: Acceptance) -> Acceptance:
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
