"""What an environment that must not fail goes without, and what that costs."""

from __future__ import annotations

from generator.cloud.environment import Environment
from generator.report import Report

COSTS = {
    "BackendImage": "each new instance builds its image, so that new capacity takes about six "
    "minutes; with an image and a warm pool it takes less than two.",
    "AlarmEmail": "nobody is told of an alarm.",
}
"""Parameters that only the operator knows, by what it costs to leave them empty."""


def lines(env: Environment) -> list[str]:
    """A line for each parameter left empty; none where a single database is good enough."""
    values = env.parameters("")
    if values.get("MultiAz") != "true":
        return []
    return [f"{name} is empty: {cost}" for name, cost in COSTS.items() if not values.get(name)]


def say(env: Environment, report: Report, unpushed: bool = False) -> None:
    """Say each, before the person is asked; ``unpushed``: the registry is new, and stays empty."""
    tag = env.parameters("").get("BackendImage", "")
    if unpushed and tag.startswith(":"):
        report.say(
            f"BackendImage is {tag}, a tag of the registry that this deployment makes: push it "
            "while the instances wait for it, 15 minutes, or give --build CONTEXT."
        )
    for line in lines(env):
        report.say(line)
