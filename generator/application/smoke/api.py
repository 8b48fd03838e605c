"""The promises of the way through the CDN to the backend. Each gives what it saw, or raises."""

from __future__ import annotations

import json

from generator.application.smoke.ask import (
    BrokenError,
    Response,
    UndecidedError,
    UntestedError,
    ask,
)
from generator.application.smoke.site import SmokeTarget

LOG_IN = "/api/autenticacion/inicio-sesion"
"""A documented route that takes a POST and, with these words, makes nothing."""
NOBODY = {"correo": "smoke@clinic.invalid", "contrasena": "of nobody"}
BY_THE_APPLICATION = (400, 401, 422)
"""How an application refuses who nobody is; 403 and 405 would be the CDN's."""


def api(site: SmokeTarget) -> str:
    answer = ask(site.address, site.health)
    if answer.status != 200:
        raise BrokenError(f"{site.health} is {answer}")
    if answer.is_document:
        raise BrokenError(f"{site.health} is a page of the frontend: the CDN does not send it on")
    return str(answer)


def unknown_route(site: SmokeTarget) -> str:
    answer = ask(site.address, "/api/nope")
    if answer.status != 404 or not _is_json(answer):
        raise BrokenError(f"/api/nope is {answer}, not 404 and JSON: errors must pass unchanged")
    return str(answer)


def post(site: SmokeTarget) -> str:
    """A refusal by the application itself, for what was posted, shows that it all arrived."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer of.nobody.at-all"}
    answer = ask(site.address, LOG_IN, "POST", headers, json.dumps(NOBODY).encode())
    if answer.status not in BY_THE_APPLICATION or not _is_json(answer):
        who = " by the CDN" if answer.status in (403, 405) and not _is_json(answer) else ""
        raise BrokenError(f"{LOG_IN} gave {answer}{who}, not a refusal by the application")
    return f"refused by the application: {answer}"


def authorization(site: SmokeTarget) -> str:
    """Node refuses more than 16 KiB of headers with 431, before any route: it sees that much only
    if Authorization arrives. The backend's guards answer a wrong token and none alike, so nothing
    smaller shows without an account.

    Each header is below the balancer's 16 K a header, both below CloudFront's 20,480 bytes a
    request (ELB and CloudFront guides, quotas); whether AWS passes 431 on, nobody here could try.
    """
    filled = {"X-Clinic-Smoke": "x" * 4000}
    usual = ask(site.address, site.health, headers=filled)
    answer = ask(
        site.address, site.health, headers={**filled, "Authorization": f"Bearer {'x' * 14000}"}
    )
    if answer.status == 431:
        return "a long one is 431, as only Node's own limit answers"
    if answer.status == usual.status:
        raise BrokenError(
            f"{site.health} is {answer} with a long Authorization as without: it is lost on the "
            "way, or the backend's --max-http-header-size is raised"
        )
    raise UndecidedError(f"a long one is {answer}, which is not Node's 431")


def targets(site: SmokeTarget) -> str:
    """A balancer without a healthy target sends requests to all of them, so a wrong health path
    shows nowhere else (ELB guide, target group health: fail open)."""
    if site.targets is None:
        raise UntestedError("only the stack knows it: give the environment instead of an address")
    states = site.targets()
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    if "healthy" not in states or "unhealthy" in states:
        raise BrokenError(f"the target group has {counts or 'no target'}: `clinic doctor` says why")
    return counts


def _is_json(answer: Response) -> bool:
    try:
        json.loads(answer.body)
    except ValueError:
        return False
    return answer.kind == "application/json" or answer.kind.endswith("+json")
