"""What a template does not say and a simulation needs: each a number that a person may change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from generator.errors import ClinicError, quote
from generator.model import boot


class Assumption(NamedTuple):
    """A number, what it means, and where it comes from."""

    value: float
    unit: str
    meaning: str
    source: str


MEASURED = "measured on a 1 GiB machine"
MODEL = "the project's model of documented boots"
FITTED = "fitted to the model's six figures"
AWS_SAYS = "AWS's documentation"


def _boot(part: str, meaning: str, source: str) -> Assumption:
    return Assumption(boot.seconds(part), "s", meaning, source)


ASSUMPTIONS: Mapping[str, Assumption] = {
    "instance-start": Assumption(
        boot.seconds("start"), "s", "from launch to a running system", MODEL
    ),
    "packages": Assumption(
        boot.seconds("packages"), "s", "Docker, git and curl are installed", MODEL
    ),
    "build": _boot("build", "docker build of the backend", MEASURED),
    "pull": _boot("pull", "docker pull of the backend", MODEL),
    "cold-disk": Assumption(
        boot.seconds("cold-disk"), "s", "first reads of an AMI that holds all of it", FITTED
    ),
    "warm-start": Assumption(
        boot.seconds("warm"), "s", "a stopped instance of the warm pool runs", FITTED
    ),
    "container-start": Assumption(
        boot.seconds("container"), "s", "from docker run to the first answer", MEASURED
    ),
    "phase": Assumption(
        0.625, "periods", "from the load to the end of the metric's period", FITTED
    ),
    "metric-delay": Assumption(
        60, "s", "from a period's end to its point in CloudWatch", "usual for EC2"
    ),
    "fast-metric-delay": Assumption(
        10, "s", "the same for what instances publish themselves", "one call of theirs"
    ),
    "evaluation": Assumption(
        30, "s", "the alarm looks once a minute, half of it on average", AWS_SAYS
    ),
    "fast-evaluation": Assumption(5, "s", "with periods below a minute every 10 s", AWS_SAYS),
    "reaction": Assumption(20, "s", "from the alarm to the launch", FITTED),
    "idle": Assumption(5, "%", "CPU of an instance without the load", "a quiet backend"),
    "credits": Assumption(
        144, "credits", "each instance's balance when the load begins", "half of a t3.micro's most"
    ),
    "network": Assumption(60, "ms", "a request to the CDN and back", "a nearby edge"),
    "service": Assumption(20, "ms", "the backend's work for a request", "a quiet backend"),
}
"""By the name that ``--assume`` takes."""

DEFAULTS: Mapping[str, float] = {name: it.value for name, it in ASSUMPTIONS.items()}


def assume(changes: Iterable[str]) -> dict[str, float]:
    """The assumptions with some changed by ``name=number``; ClinicError for what is none."""
    assumed = dict(DEFAULTS)
    for change in changes:
        name, _, text = change.partition("=")
        if name not in assumed:
            raise ClinicError(
                f"{quote(change)} changes no assumption: the names are {', '.join(assumed)}."
            )
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number < 100_000 or (name == "phase" and number > 1):
            raise ClinicError(
                f"{quote(change)} is no assumption: {name} is a number of {ASSUMPTIONS[name].unit}"
                f", such as {name}={ASSUMPTIONS[name].value:g}."
            )
        assumed[name] = number
    return assumed
