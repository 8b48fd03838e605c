"""Compares a bundle with what was promised: times, cost, and doctor's known failures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from generator.acceptance.bundle import ABOUT, EVENTS, PROMISED, STATE, Bundle
from generator.checks.timeline.schedule import STACK
from generator.cloud import catalogue
from generator.cloud.diagnose import CONSEQUENCE, UNKNOWN
from generator.errors import ClinicError

HELD, OFF, NOT_JUDGED = "held", "off", "not judged"
FACTOR = 2.0
"""Times that differ by more, in either direction, are off."""
FLOOR = 30
"""Seconds of difference that are none: typical durations are no promise to the second."""
SHOWN = 200
"""Characters of a message."""


@dataclass(frozen=True)
class Comparison:
    """One promise, and what the run measured."""

    about: str
    """timeline, cost, doctor or emulator."""
    what: str
    promised: str
    seen: str
    verdict: str
    """held, off or not judged."""


def judge(bundle: Bundle) -> Iterator[Comparison]:
    """Everything that the bundle alone can tell. ClinicError (2) for a folder that is none."""
    about, events = bundle.read(ABOUT), bundle.lines(EVENTS)
    promised = bundle.lines(PROMISED)
    plan = next((p for p in promised if p.get("kind") == "plan"), None)
    if plan is None or not events:
        missing = PROMISED if plan is None else EVENTS
        raise ClinicError(
            f"{bundle.folder / missing} is missing or empty: the run has not come so far that it "
            "can be compared."
        )
    yield from _timeline(events, promised, judged=not about["stand_in"])
    yield from _steps(bundle.read(STATE), plan, judged=not about["stand_in"])
    yield _cost(events, plan, judged=not about["stand_in"])
    yield from _doctor(bundle, events)


def durations(events: list[dict[str, Any]], action: str = "CREATE") -> dict[str, float]:
    """Seconds of every resource's creation, by path; "" is the whole."""
    began, took = dict[str, datetime](), dict[str, float]()
    for event in events:
        path, time = event["path"], datetime.fromisoformat(event["time"])
        if event["status"] == f"{action}_IN_PROGRESS":
            began.setdefault(path, time)
        elif event["status"] == f"{action}_COMPLETE" and path in began:
            took.setdefault(path, (time - began[path]).total_seconds())
    return took


def _timeline(
    events: list[dict[str, Any]], promised: list[dict[str, Any]], judged: bool
) -> Iterator[Comparison]:
    """By resource and layer, against the seconds of durations.toml."""
    expected = _expected(promised)
    types = {event["path"]: event["type"] for event in events}
    for path, seconds in durations(events).items():
        known = expected.get(path)
        name = f"{path or 'the whole creation'} ({types[path]})"
        verdict = _compare_seconds(known or 0, seconds) if judged else NOT_JUDGED
        yield Comparison("timeline", name, f"{known or 0:.0f} s", f"{seconds:.0f} s", verdict)


def _expected(promised: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds by path, as events measure them: a nested stack with all that is in it."""
    steps = {p["path"]: p for p in promised if p["kind"] == "step" and p["operation"] == "create"}
    seconds = {path: float(step["end"] - step["start"]) for path, step in steps.items()}
    for path, step in steps.items():
        if step["type"] == STACK:
            inside = [s["end"] for name, s in steps.items() if name.startswith(f"{path}/")]
            seconds[path] = max([step["end"], *inside]) - step["start"]
    whole = [p for p in promised if p["kind"] == "total" and p["operation"] == "create"]
    return seconds | {"": float(whole[0]["seconds"])} if whole else seconds


def _compare_seconds(promised: float, actual: float) -> str:
    low, high = sorted((promised, actual))
    return OFF if high - low > FLOOR and high > FACTOR * low else HELD


def _steps(state: Mapping[str, Any], plan: Mapping[str, Any], judged: bool) -> Iterator[Comparison]:
    """Against the upper figures that were said before the run: what was faster holds."""
    for name, step in state["steps"].items():
        if name in plan["seconds"] and step.get("status") == "done":
            began, ended = (datetime.fromisoformat(step[key]) for key in ("began", "ended"))
            most, seconds = plan["seconds"][name], (ended - began).total_seconds()
            verdict = _compare_seconds(most, max(seconds, most)) if judged else NOT_JUDGED
            yield Comparison("timeline", f"step {name}", f"{most} s", f"{seconds:.0f} s", verdict)


def _cost(events: list[dict[str, Any]], plan: Mapping[str, Any], judged: bool) -> Comparison:
    """By hours of use; what AWS then charges is in no bundle."""
    times = [datetime.fromisoformat(event["time"]) for event in events]
    hours = (max(times) - min(times)).total_seconds() / 3600
    over = max(0, math.ceil(hours) - plan["hours"])
    usd = plan["usd"] + over * plan["usd_hour"]
    gone = events[-1]["status"] == "DELETE_COMPLETE" and not events[-1]["path"]
    actual = f"{hours:.1f} h, about {usd:.2f} USD{'' if gone else ', and it is not deleted'}"
    verdict = OFF if over or not gone else HELD
    promised = f"{plan['hours']:.0f} h, {plan['usd']:.2f} USD"
    return Comparison("cost", "hours of use", promised, actual, verdict if judged else NOT_JUDGED)


def _doctor(bundle: Bundle, events: list[dict[str, Any]]) -> Iterator[Comparison]:
    """What CloudFormation and the instances said, against the catalogue."""
    failures = [
        (event["path"], event["reason"])
        for event in events
        if event["status"].endswith("_FAILED")
        and event["reason"]
        and not CONSEQUENCE.match(event["reason"])
    ]
    for place, reason in dict.fromkeys(failures):
        trap = catalogue.look_up(reason)
        meaning = trap.meaning if trap else "nothing that is known"
        yield _known(place, reason, meaning, trap is not None)
    for file in sorted((bundle.folder / "steps").glob("*.jsonl")):
        for line in bundle.lines(f"steps/{file.name}"):
            if line["kind"] == "finding":
                yield _known(
                    *(line["place"], line["evidence"], line["meaning"]), line["fault"] != "unknown"
                )
            elif line["kind"] == "diagnosis":
                known = line["meaning"] != UNKNOWN[0]
                yield _known(line["resource"], line["sentence"], line["meaning"], known)


def _known(place: str, message: str, meaning: str, known: bool) -> Comparison:
    what = f"{place}: {message[:SHOWN]}"
    return Comparison("doctor", what, "a known message", meaning, HELD if known else OFF)
