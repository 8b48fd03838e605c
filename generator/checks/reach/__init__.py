"""Who reaches whom, computed from resolved templates and compared with what each environment says.

Read in this order:

facts.py         the results: accesses, open ports, what could not be judged
names.py, roles.py     the resources of a view, and what each is to the documented system
hops.py, network.py     which packets get from one component to another
traffic.py, open_ports.py     open ports between components, and from and to the outside
iam.py, storage.py, services.py, topics.py     who may do what, and gets there
managed.py, behaviours.py, cdn.py, listeners.py     what is behind the entrances
instances.py, user_data.py     credentials that leak, and requests of user data that are refused
unknown_types.py, unresolved.py     types that are not judged, references that lead nowhere
expectations.py, documented.py     what was expected
changed.py       what of it other parameters explain
hops.py          groups, network ACLs and public addresses on the way of a packet
open_ports.py    what a security group alone lets through
report.py        the result for people and for programs

The network, the policies and what values refer to are read by generator/model.
What cannot be judged is said to be unknown, and never taken for fine.
"""

from __future__ import annotations

from pathlib import Path

from generator.checks.reach import (
    cdn,
    changed,
    documented,
    expectations,
    iam,
    instances,
    listeners,
    roles,
    services,
    storage,
    topics,
    traffic,
    unknown_types,
    unresolved,
    user_data,
)
from generator.checks.reach.facts import Difference, Fact, Link, Proof, Reach
from generator.checks.reach.names import Names
from generator.model import guard, network
from generator.model.policies import resource_policies
from generator.model.view import View

__all__ = ["Difference", "Proof", "Reach", "prove"]


def prove(view: View, params: Path) -> Proof:
    """What reaches what in ``view``, and where that differs from what is expected.

    ``params`` is the folder of the environment's parameter file; its expectations are beside it,
    in ``expectations/ENV.json``; without them the documented table counts. ClinicError if they
    cannot be read.
    """
    names, facts = facts_by_role(view)
    path = expectations.place(params, view.env)
    expected = expectations.load(path) if path.exists() else documented.derive(view, names)
    reaches = tuple(dict.fromkeys(expectations.reaches(facts)))
    differences = expectations.differences(facts, expected)
    if before := changed.before(view, expected.values):
        now = changed.Assessment(facts, expected, documented.derive(view, names))
        names, facts = facts_by_role(before)
        then = changed.Assessment(facts, expected, documented.derive(before, names))
        differences = changed.unexplained(now, then)
    return Proof(view.env, expected.source, reaches, tuple(differences))


def facts_by_role(view: View) -> tuple[Names, list[Fact]]:
    """The resources of a view by their roles, and every fact about them; ClinicError for
    templates of a shape that cannot be read."""
    with guard.guarded(
        lambda trouble: (
            "the templates cannot be judged: they are not of the shape that AWS's schemas ask for "
            f"({type(trouble).__name__}: {guard.reason(trouble)}); clinic lint says where."
        )
    ):
        names = Names(view)
        roles.assign(names)
        return names, [*collect(names), *unresolved.facts(view, names)]


def collect(names: Names) -> list[Fact]:
    """Every fact about who reaches whom."""
    read = network.read(names)
    components = list(read.components)
    own = resource_policies(names, names.resource)
    moving = list(traffic.facts(names, read, components))
    links = [fact for fact in moving if isinstance(fact, Link)]
    granted = list(iam.facts(names, storage.denials(own)))
    return [
        *read.unknown,
        *moving,
        *cdn.facts(names, read, components, own),
        *listeners.facts(names),
        *instances.facts(names),
        *services.blocked(granted, links, components, read, names),
        *user_data.facts(names, granted),
        *storage.facts(names, own),
        *topics.facts(names, own),
        *unknown_types.facts(names),
    ]
