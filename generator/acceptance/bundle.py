"""The folder of evidence: what each step said, events, answers, and how far the run has come.

about.json     environment, region, parameters, versions of tools, digests of the templates
promised.jsonl what `clinic timeline` and `clinic cost` said before the run
state.json     the steps with their times and ends; a run that was cut off goes on from it
steps/N-*.jsonl  the objects of each step, as the command itself gives them with --json
events.jsonl   every event of the stack and its nested stacks, oldest first
answers.jsonl  what the site answered after a step: status and headers, no content
calls.json     every call to AWS by operation: statuses, error codes, names of attributes
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generator import files
from generator.acceptance.redaction import Redactor
from generator.errors import ClinicError, reason
from generator.report import Report

STATE, ABOUT, PROMISED = "state.json", "about.json", "promised.jsonl"
EVENTS, ANSWERS, CALLS = "events.jsonl", "answers.jsonl", "calls.json"
DONE, UNTESTED, FAILED, BEGUN = "done", "not tested", "failed", "begun"


class Bundle:
    """A folder; whatever is written into it is blanked first."""

    def __init__(self, folder: Path, redactor: Redactor | None = None) -> None:
        self.folder, self.redactor = folder, redactor or Redactor()

    def create(self) -> None:
        """Make the folder, for this user only. ClinicError if it holds anything already."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = next(self.folder.iterdir(), None)
            (self.folder / "steps").mkdir(exist_ok=True)
        except OSError as error:
            raise ClinicError(
                f"{self.folder} cannot hold a bundle ({reason(error)}): name a folder that can be "
                "made, with --bundle."
            ) from error
        if held:
            raise ClinicError(
                f"{self.folder} holds something already: name another folder with --bundle, or "
                "give --resume if it is of a run that was cut off."
            )

    def write(self, name: str, value: Any) -> None:
        """Replace a file by one object."""
        text = json.dumps(self.redactor.value(value), indent=2, default=str)
        files.write(self.folder / name, f"{text}\n".encode())

    def write_lines(self, name: str, values: Iterable[Any]) -> None:
        """Replace a file by objects, one a line."""
        made = "".join(f"{self._line(value)}\n" for value in values)
        files.write(self.folder / name, made.encode())

    def append(self, name: str, value: Any) -> None:
        """Add a line; what was cut off in the middle of one is ended first."""
        path = self.folder / name
        try:
            with path.open("ab+") as file:
                file.seek(-1, 2) if file.tell() else None
                whole = file.read(1) in (b"", b"\n")
                file.write(("" if whole else "\n").encode() + f"{self._line(value)}\n".encode())
        except OSError as error:
            raise ClinicError(f"{path} cannot be written ({reason(error)}).", 3) from error

    def read(self, name: str) -> Any:
        """An object of the bundle; ClinicError if there is none that can be read."""
        path = self.folder / name
        try:
            return json.loads(path.read_bytes())
        except OSError as error:
            raise self._unreadable(path, reason(error)) from error
        except ValueError as error:
            raise self._unreadable(path, "it is no JSON") from error

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The objects of a file; none where it is missing. A line that was cut off is left out."""
        path = self.folder / name
        try:
            text = path.read_text("utf-8") if path.exists() else ""
        except (OSError, ValueError) as error:
            raise self._unreadable(path, "it is no text") from error
        return list(_objects(text))

    def _line(self, value: Any) -> str:
        return json.dumps(self.redactor.value(value), default=str)

    def _unreadable(self, path: Path, why: str) -> ClinicError:
        return ClinicError(
            f"{path} cannot be read ({why}): name a folder that `clinic accept` wrote."
        )


def _objects(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def now() -> str:
    """The time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class RunState:
    """How far a run has come; written at each change."""

    def __init__(self, bundle: Bundle, held: dict[str, Any] | None = None) -> None:
        self._bundle = bundle
        self.fields: dict[str, Any] = held or {
            "began": now(),
            "steps": {},
            "failed": "",
            "over": "",
        }

    def of(self, step: str) -> str:
        """How a step stands: "", begun, done, not tested or failed."""
        return str(self.fields["steps"].get(step, {}).get("status", ""))

    def begin(self, step: str) -> None:
        began = self.fields["steps"].get(step, {}).get("began") or now()
        self._note(step, status=BEGUN, began=began)

    def end(self, step: str, status: str, why: str = "") -> None:
        self._note(step, status=status, ended=now(), why=why)

    def set(self, **fields: str) -> None:
        """Put down something of the whole run."""
        self.fields |= fields
        self.save()

    def save(self) -> None:
        self._bundle.write(STATE, self.fields)

    def _note(self, step: str, **fields: str) -> None:
        self.fields["steps"].setdefault(step, {}).update(fields)
        self.save()


class StepReport(Report):
    """A report that also puts every object into the file of the step that is running."""

    def __init__(self, bundle: Bundle, report: Report) -> None:
        """``report`` is the command's own."""
        super().__init__(report.json, brief=True)
        self.bundle, self.report, self.file = bundle, report, ""

    @property
    def redrawn(self) -> bool:
        """Never: each event is to be put down."""
        return False

    def tell(self, kind: str, **fields: Any) -> None:
        if self.file:
            self.bundle.append(self.file, {"kind": kind, "at": now(), **fields})
        self.report.tell(kind, **fields)

    def tell_all(self, objects: Iterable[Mapping[str, Any]]) -> None:
        for fields in objects:
            self.tell(**fields)
