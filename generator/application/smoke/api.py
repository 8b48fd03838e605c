"""The promises of the way through the CDN to the backend. Each gives what it saw, or raises."""

from __future__ import annotations

import json

from generator.application.smoke.ask import Answer, BrokenError, ask
from generator.application.smoke.site import Site

LOG_IN = "/api/autenticacion/inicio-sesion"
"""A documented route that takes a POST and, with these words, makes nothing."""
NOBODY = {"correo": "smoke@clinic.invalid", "contrasena": "of nobody"}
BY_THE_APPLICATION = (400, 401, 422)
"""How an application refuses who nobody is; 403 and 405 would be the CDN's."""


def api(site: Site) -> str:
    answer = ask(site.way, site.health)
    if answer.status != 200:
        raise BrokenError(f"{site.health} is {answer}")
    if answer.is_document:
        raise BrokenError(f"{site.health} is a page of the frontend: the CDN does not send it on")
    return str(answer)


def unknown_route(site: Site) -> str:
    answer = ask(site.way, "/api/nope")
    if answer.status != 404 or not _is_json(answer):
        raise BrokenError(f"/api/nope is {answer}, not 404 and JSON: errors must pass unchanged")
    return str(answer)


def post(site: Site) -> str:
    """A refusal by the application itself, for what was posted, shows that it all arrived."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer of.nobody.at-all"}
    answer = ask(site.way, LOG_IN, "POST", headers, json.dumps(NOBODY).encode())
    if answer.status not in BY_THE_APPLICATION or not _is_json(answer):
        who = " by the CDN" if answer.status in (403, 405) and not _is_json(answer) else ""
        raise BrokenError(f"{LOG_IN} gave {answer}{who}, not a refusal by the application")
    return f"refused by the application: {answer}"


def _is_json(answer: Answer) -> bool:
    try:
        json.loads(answer.body)
    except ValueError:
        return False
    return answer.kind == "application/json" or answer.kind.endswith("+json")
