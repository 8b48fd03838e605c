"""What an acceptance run would do, how long it takes and what it costs: said before it begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from generator.application.smoke.conclude import FRESH
from generator.application.stress.timeline import StressLoad
from generator.checks.changes.compare import declared_policy
from generator.checks.cost import components, prices
from generator.checks.cost.bill import Bill
from generator.checks.cost.usage import Usage
from generator.checks.timeline.graph import creation
from generator.checks.timeline.report import Operation, objects
from generator.checks.timeline.schedule import schedule, total
from generator.checks.timeline.update import update
from generator.cloud.environment import Environment
from generator.errors import ClinicError
from generator.model.variant import with_values
from generator.model.view import View

NEEDED = {"DeletionProtection": "false"}
"""Parameters that the run needs as they are here: it ends with a deletion."""
ROTATION = "PasswordRotationDays"
ROTATES_EVERY = "30"
"""Where an environment does not rotate its password: the run is to try that, too."""
QUIET = {
    "load": Decimal(100),
    "traffic_gb": Decimal(1),
    "requests": Decimal("0.01"),
    "database_gb": Decimal(1),
    "logs_gb": Decimal("0.1"),
    "audit_gb": Decimal("0.1"),
    "flow_logs_gb": Decimal("0.1"),
    "storage_gb": Decimal(1),
}
"""Assumptions of `clinic cost` for hours in which nobody visits, but the load runs."""
SECONDS = {"smoke": round(FRESH), "push": 120, "publish": 60, "rotate": 180}
"""Upper figures of the steps that `clinic timeline` does not know: smoke's patience, the two
minutes in which instances notice a new .env or password and a minute for RDS."""


@dataclass(frozen=True)
class AcceptancePlan:
    """What was promised before the run."""

    seconds: dict[str, int]
    """By step, as far as there is a figure."""
    operations: tuple[Operation, ...]
    """The creation, and the release where an update can be calculated."""
    hours: Decimal
    """Of use, whole ones."""
    usd: Decimal
    usd_hour: Decimal
    """Each hour more."""
    unpriced: int
    """Lines of the bill without a price."""
    kept: tuple[str, ...]
    """Logical ids that the deletion leaves behind, with its policy."""

    def objects(self) -> Iterator[dict[str, Any]]:
        """For programs and for the comparison: `step` and `total` as `clinic timeline` has them."""
        for operation in self.operations:
            yield from objects(operation)
        yield {
            "kind": "plan",
            "seconds": self.seconds,
            "hours": float(self.hours),
            "usd": float(self.usd),
            "usd_hour": float(self.usd_hour),
            "unpriced": self.unpriced,
            "kept": list(self.kept),
        }


def overrides(env: Environment) -> dict[str, str]:
    """The parameters that the run sets otherwise than the environment's file."""
    values = env.parameters("")
    changed = {name: value for name, value in NEEDED.items() if values.get(name) not in ("", value)}
    return changed | ({ROTATION: ROTATES_EVERY} if values.get(ROTATION) == "0" else {})


def holds_data(env: Environment) -> str:
    """Why an environment could hold data, or be meant to; empty if nothing says so."""
    values = env.parameters("")
    if values.get("DatabaseSnapshot"):
        return "DatabaseSnapshot is set: its database would begin with somebody's data"
    if values.get("DeletionProtection") == "true" or values.get("BackupPlan") == "true":
        return "its parameters protect data (DeletionProtection or BackupPlan)"
    return "it is called prod" if env.name.startswith("prod") else ""


def plan(view: View, load: StressLoad) -> AcceptancePlan:
    """Of ``view``, which has the parameters of the run already."""
    operations = [Operation("create", f"Creation of {view.env}", schedule(creation(view)))]
    changed = with_values(view, Release="3" if view.values.get("Release") == "2" else "2")
    operations.append(Operation("update", "Release", schedule(update(view, changed))))
    made, rolled = (total(operation.steps) for operation in operations)
    # Nobody has figures for a deletion; what took long to make does not go faster than that here.
    seconds = {"deploy": made, **SECONDS, "release": rolled, "load": load.timeout, "destroy": made}
    whole = Decimal(sum(seconds.values()))
    hours = (whole / 3600).to_integral_value(ROUND_CEILING)
    bill, longer = _bill(view, hours), _bill(view, hours + 1)
    return AcceptancePlan(
        seconds=seconds,
        operations=tuple(operations),
        hours=hours,
        usd=bill.total,
        usd_hour=longer.total - bill.total,
        unpriced=len(bill.unpriced),
        kept=tuple(_kept(view)),
    )


def _bill(view: View, hours: Decimal) -> Bill:
    usage = Usage(hours=min(hours, Decimal(744)), **QUIET)
    return components.bill(view, prices.listed(view.region), usage)


def _kept(view: View) -> Iterator[str]:
    for logical, resource in view.resources.items():
        policy = declared_policy(resource, "DeletionPolicy")
        if policy != "Delete":
            yield f"{logical} ({'a last snapshot' if policy == 'Snapshot' else resource['Type']})"


def refuse(env: Environment, values: dict[str, str]) -> None:
    """ClinicError where an image is wanted that nobody can push in time."""
    image = env.with_values(**values).parameters("").get("BackendImage", "")
    if image.startswith(":"):
        raise ClinicError(
            f"BackendImage of {env.name} is {image}, a tag of a registry that this run makes anew, "
            "and so an empty one: give --image with an image of another registry."
        )
