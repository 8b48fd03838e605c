"""The default Dockerfile is built and run as an instance does it."""

from __future__ import annotations

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from . import conftest
from .edge import SITE, edge
from .instance import ADDRESSES, ENVIRONMENT, NAME, Instance

KINDS = (
    *("archivos-adjuntos", "reportes", "plantillas-consentimiento"),
    *("ediciones-imagenes", "backups"),
)
PERSON = {"correo": "ana@example.org", "contrasena": "made-up"}
BODY = 15 * 1024 * 1024
"""The backend's limit of a request's body; base64 makes files in it a third larger."""


def test_the_default_image_does_all_that_its_users_ask(instance: Instance, tmp_path: Path) -> None:
    """One test, since the tests' workers would each build the image."""
    the_backend_is_well_without_privileges(instance)
    user = a_user_registers_and_logs_in_for_as_long_as_the_env_says(instance)
    an_appointment_is_in_its_month_of_the_agenda(instance, user)
    urls = [a_document_of_each_kind_is_read_back(instance, kind, user) for kind in KINDS]
    with edge(tmp_path / "edge", instance.inside(), ADDRESSES[NAME]) as site:
        an_upload_of_15_megabytes_through_cdn_and_balancer_arrives_whole(instance, user, site)
    two_pages_at_once_are_printed_within_a_micros_memory(instance, user)
    a_container_beside_it_has_the_same_documents(instance, urls)
    docker_starts_it_again_with_its_documents(instance, urls)
    a_new_container_has_all_of_the_one_before(instance, urls, user)
    a_login_ends_when_the_env_says(instance)


def the_backend_is_well_without_privileges(instance: Instance) -> None:
    assert instance.ask("/api") == (200, "API para Odontología funcionando!".encode())
    status, body = instance.ask("/api/nope")
    assert (status, json.loads(body)["statusCode"]) == (404, 404)
    assert instance.docker("exec", NAME, "id", "-un") == "node\n"
    limit = instance.docker("inspect", "--format", "{{.HostConfig.Memory}}", NAME)
    assert int(limit) == 749 * 1024 * 1024, "four fifths of a micro's memory"


def a_user_registers_and_logs_in_for_as_long_as_the_env_says(instance: Instance) -> str:
    assert instance.send("/api/autenticacion/registro", PERSON)[0] == 201
    wrong = PERSON | {"contrasena": "another"}
    assert instance.send("/api/autenticacion/inicio-sesion", wrong)[0] == 401
    token = log_in(instance)
    assert lifetime(token) == int(ENVIRONMENT["JWT_EXPIRATION_TIME"])
    assert instance.ask("/api/agenda?mes=5&ano=2030")[0] == 401
    return bearer(token)


def log_in(instance: Instance) -> str:
    status, answer = instance.send("/api/autenticacion/inicio-sesion", PERSON)
    assert status == 200, answer
    return str(answer["token_acceso"])


def bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


def lifetime(token: str) -> int:
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return int(claims["exp"] - claims["iat"])


def an_appointment_is_in_its_month_of_the_agenda(instance: Instance, user: str) -> None:
    appointment = {"fecha": "2030-05-17T10:30:00", "descripcion": "Revisión"}
    assert instance.send("/api/agenda", appointment, "-H", user)[0] == 201
    status, body = instance.ask("/api/agenda?mes=5&ano=2030", "-H", user)
    assert (status, json.loads(body)) == (200, [{"descripcion": "Revisión"}])
    assert json.loads(instance.ask("/api/agenda?mes=6&ano=2030", "-H", user)[1]) == []


def upload(instance: Instance, contents: bytes, user: str, *site: str, **more: str) -> Any:
    """Return status and answer; to the container itself unless curl's options say otherwise."""
    body = {"nombre_archivo": "scan.png", "contenido_base64": base64.b64encode(contents).decode()}
    path = f"https://{SITE}/api/archivos-adjuntos" if site else "/api/archivos-adjuntos"
    return instance.send(path, body | more, "-H", user, *site)


def a_document_of_each_kind_is_read_back(instance: Instance, kind: str, user: str) -> str:
    status, answer = upload(instance, f"contents of {kind}".encode(), user, tipo=kind)
    assert (status, answer["url"].rpartition("/")[0]) == (201, f"https://{SITE}/docs-0d3nt/{kind}")
    status, body = instance.ask(f"/api/archivos-adjuntos/{answer['id']}/contenido", "-H", user)
    assert (status, base64.b64decode(body)) == (200, f"contents of {kind}".encode())
    path = urlsplit(answer["url"]).path
    assert instance.ask(path) == (200, f"contents of {kind}".encode())
    return path


def an_upload_of_15_megabytes_through_cdn_and_balancer_arrives_whole(
    instance: Instance, user: str, site: list[str]
) -> None:
    scan = (bytes(range(256)) * 60_000)[: (BODY - 100) // 4 * 3]
    status, answer = upload(instance, scan, user, *site)
    assert status == 201, answer
    body = instance.folder / "body.json"
    assert BODY - 100 < body.stat().st_size <= BODY
    assert instance.ask(answer["url"], *site)[1] == scan
    path = f"https://{SITE}/api/archivos-adjuntos/{answer['id']}/contenido"
    assert base64.b64decode(instance.ask(path, "-H", user, *site)[1]) == scan
    status, answer = upload(instance, scan + bytes(100), user, *site)
    # The backend's own words: neither CDN nor balancer is what limits it.
    assert (status, answer["message"]) == (413, "request entity too large")


def two_pages_at_once_are_printed_within_a_micros_memory(instance: Instance, user: str) -> None:
    file = instance.folder / "page.json"
    file.write_text(json.dumps({"contenido_html": "<h1>Receta</h1>" + "<p>Amoxicilina</p>" * 200}))
    kind = ("-H", "Content-Type: application/json", "--data-binary", f"@{file}")

    def printed(_: int) -> tuple[int, bytes]:
        return instance.ask("/api/pdf/generar-desde-html", *kind, "-H", user)

    with ThreadPoolExecutor() as pool:
        for status, body in pool.map(printed, range(2)):
            assert status == 201, body[:500]
            assert base64.b64decode(json.loads(body)["pdf_base64"])[:5] == b"%PDF-"
    assert instance.docker("inspect", "--format", "{{.RestartCount}}", NAME) == "0\n"


def a_container_beside_it_has_the_same_documents(instance: Instance, urls: list[str]) -> None:
    instance.start("backend-b")
    assert [instance.ask(url, name="backend-b")[0] for url in urls] == [200] * len(KINDS)
    instance.docker("rm", "-f", "backend-b")


def docker_starts_it_again_with_its_documents(instance: Instance, urls: list[str]) -> None:
    instance.docker("restart", NAME)
    instance.wait_healthy()
    assert [instance.ask(url)[0] for url in urls] == [200] * len(KINDS)


def a_new_container_has_all_of_the_one_before(
    instance: Instance, urls: list[str], user: str
) -> None:
    """Documents, appointments and logins: a new .env logs nobody out."""
    instance.docker("rm", "-f", NAME)
    instance.start(JWT_EXPIRATION_TIME="2")
    assert [instance.ask(url)[0] for url in urls] == [200] * len(KINDS)
    status, body = instance.ask("/api/agenda?mes=5&ano=2030", "-H", user)
    assert (status, json.loads(body)) == (200, [{"descripcion": "Revisión"}])


def a_login_ends_when_the_env_says(instance: Instance) -> None:
    token = log_in(instance)
    assert lifetime(token) == 2
    deadline = time.monotonic() + 60
    while instance.ask("/api/agenda?mes=5&ano=2030", "-H", bearer(token))[0] != 401:
        assert time.monotonic() < deadline, "the login does not end"
        time.sleep(0.2)


def test_where_no_image_can_be_built_the_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "why_not", lambda: "no Docker")
    with (
        pytest.warns(conftest.DefaultImageNotBuiltWarning, match="no Docker"),
        pytest.raises(pytest.skip.Exception, match="no Docker"),
    ):
        conftest.demand_docker()
