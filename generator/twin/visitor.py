"""A person in a browser: registers, logs in, and asks for patients."""

from __future__ import annotations

import json
import secrets

from generator.errors import ClinicError
from generator.twin.namespaces import run
from generator.twin.twin import Twin

REGISTER, LOG_IN, PATIENTS = (
    "/api/autenticacion/registro",
    "/api/autenticacion/inicio-sesion",
    "/api/pacientes",
)


def ask(
    twin: Twin, method: str, path: str, body: object = None, token: str = ""
) -> tuple[int, str]:
    """Status and body of one request through the CDN."""
    words = ["curl", "-s", "-m", "20", "--cacert", str(twin.authority.bundle), "-X", method]
    words += ["-w", "\n%{http_code}", "-H", "Content-Type: application/json"]
    words += ["-H", f"Authorization: Bearer {token}"] if token else []
    words += ["--data-binary", json.dumps(body)] if body is not None else []
    where = ["nsenter", "--net=/run/netns/client"]
    text, _, status = run([*where, *words, f"https://{twin.cdn.host}{path}"]).rpartition("\n")
    return int(status), text


def expect(wanted: int, status: int, body: str) -> None:
    """ClinicError (1) for another status."""
    if status != wanted:
        raise ClinicError(f"{status} instead of {wanted}: {body[:200]}", exit_code=1)


def token(twin: Twin) -> str:
    """The token of a person who has just registered and logged in, or ClinicError (1)."""
    person = {
        "correo": f"{secrets.token_hex(4)}@clinic.example",
        "contrasena": secrets.token_hex(8),
    }
    expect(201, *ask(twin, "POST", REGISTER, person))
    status, body = ask(twin, "POST", LOG_IN, person)
    expect(200, status, body)
    return str(json.loads(body)["token_acceso"])
