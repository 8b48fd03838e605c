"""What `clinic twin` does, in its order: go into a world of its own, stand up, and be used."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from generator.application.smoke.prove import FAILED, OK, Result
from generator.application.smoke.report import junit as write_junit
from generator.cloud.environment import Environment, load
from generator.errors import ClinicError, reason
from generator.local.endpoint import missing
from generator.local.frontend import write_small_build
from generator.model import view
from generator.model.view import FLAT
from generator.report import Report
from generator.twin import docker, enacted, image, namespaces
from generator.twin.twin import Twin

PROGRAMS = {
    **namespaces.PROGRAMS,
    "openssl": "openssl",
    "curl": "curl",
    "haproxy": "haproxy",
    "nginx": "nginx-light libnginx-mod-http-js",
    "psql": "postgresql",
    "node": "nodejs",
}
FILES = {
    "/usr/lib/nginx/modules/ngx_http_js_module.so": "libnginx-mod-http-js",
    "/usr/lib/postgresql/*/bin/postgres": "postgresql",
}
DOOR = "CLINIC_TWIN_DOOR"
"""The file descriptor of the browser's way in, in the namespaces."""
WATCH_DOOR = "CLINIC_TWIN_WATCH_DOOR"
"""The same of the page that --watch prints the address of."""


def why_not() -> str:
    """Why no environment can stand on this machine, as one sentence; empty if one can."""
    return namespaces.why_not(PROGRAMS, FILES) or missing()


def show_enacted(templates: view.View, report: Report) -> None:
    """One line for each resource type and what is done with its properties."""
    rows = list(enacted.rows(templates.resources))
    for row in rows:
        report.tell("enacted", **row._asdict())
    kinds: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        kinds.setdefault((row.type, row.does), set()).add(row.property)
    for (kind, does), names in sorted(kinds.items()):
        report.say(f"{does:13} {kind}: {', '.join(sorted(names))}")
    report.say(enacted.summary(rows))


def prove_all(
    twin: Twin, report: Report, junit: Path | None, only: Sequence[str], *, load: bool
) -> None:
    """Probe everything and say what was seen; ClinicError (1) where something does not hold."""
    from generator.twin.prove import prove

    results = []
    for shown in prove(twin, load=load, only=only):
        report.say(f"{'holds' if shown.holds else 'BROKEN':7} {shown.name}: {shown.observed}")
        status, ms = (OK if shown.holds else FAILED), round(1000 * shown.seconds)
        says = shown.promise or f"{shown.name} holds"
        fields = {"name": shown.name, "holds": shown.holds, "seen": shown.observed}
        report.tell("probe", **fields, says=says, ms=ms)
        results.append(Result(shown.name, says, status, shown.observed, ms))
    if junit:
        write_junit(twin.env.name, results, junit, "twin")
    report.say(enacted.summary(list(enacted.rows(twin.deployed.resources))))
    broken = sum(one.status == FAILED for one in results)
    if broken:
        raise ClinicError(
            f"{twin.env.name} does not hold in {broken} of its promises.", exit_code=1
        )


def enter(port: int, backend: Path | None, *, watches: bool, real: bool = False) -> None:
    """Go into namespaces of its own with the browser's way in, and with ``watches`` that of the
    page of what runs, unless this is there already. With ``real`` Docker's daemon can run in them.

    ClinicError where the twin cannot stand.
    """
    if not namespaces.is_own_world():
        if why := why_not() or (docker.why_not() if real else ""):
            raise ClinicError(f"the twin cannot stand here: {why}")
        listeners = {DOOR: _open(port), **({WATCH_DOOR: _open(0)} if watches else {})}
        image.prepare(backend)
        if real:
            docker.sweep_later()
        os.environ |= {name: str(door.fileno()) for name, door in listeners.items()}
        kept = [door.fileno() for door in listeners.values()]
        namespaces.own_world(["-m", "generator", *sys.argv[1:]], keep=kept, root=real)
    namespaces.furnish()


def image_of(backend: Path | None, *, real: bool = False) -> image.Image:
    """The image of a built application, or the small one; with ``real`` for Docker to load."""
    chosen = image.built(backend) if backend else image.small(namespaces.SCRATCH / "image")
    return docker.packed(chosen, namespaces.SCRATCH / "image.tar") if real else chosen


def door() -> int:
    """The browser's way in, as a file descriptor."""
    return int(os.environ[DOOR])


def watch(twin: Twin, report: Report) -> None:
    """Serve the page of what runs, and say where."""
    from generator.twin.watch.server import start

    address = start(twin, int(os.environ[WATCH_DOOR]))
    report.say(f"{address} shows what runs")
    report.tell("watch", address=address)


def serve(twin: Twin, report: Report, *, shell: bool) -> None:
    """Stay until Ctrl-C, or until the shell ends."""
    twin.instances.wait(600)
    twin.instances.follow()
    with socket.socket(fileno=os.dup(door())) as listening:
        report.say(
            f"\nhttp://127.0.0.1:{listening.getsockname()[1]}/ is {twin.cdn.host}; Ctrl-C ends it."
        )
    if shell:
        twin.outside([os.environ.get("SHELL", "bash")])
        return
    twin.cdn.process.wait()


def publish(twin: Twin, frontend: Path | None) -> None:
    """Publish a built frontend, or the small one; ClinicError (1) if that fails."""
    folder = frontend or namespaces.SCRATCH / "frontend"
    if frontend is None:
        folder.mkdir()
        write_small_build(folder)
    ended = twin.clinic("publish", twin.env.name, str(folder))
    if ended.returncode:
        raise ClinicError(f"publishing failed: {ended.stderr.strip()[-400:]}", exit_code=1)


def environment_and_view(
    env: str, params: Path, templates: Path | None, flat: bool
) -> tuple[Environment, view.View]:
    """What to deploy, and the view of it that the twin is built from."""
    ours = load(env, params, flat)
    templates_view = view.load(env, params, templates)
    if templates is None:
        return ours, templates_view
    if FLAT in templates_view.templates:
        return Environment(
            ours.name, templates_view.values, {"flat.json": dict(templates_view.templates[FLAT])}
        ), templates_view
    documents = {
        f"{name}.json": dict(document) for name, document in templates_view.templates.items()
    }
    return Environment(ours.name, templates_view.values, documents), templates_view


def _open(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise ClinicError(
            f"port {port} of 127.0.0.1 cannot be used ({reason(error)}): choose another --port."
        ) from error


def env_file(path: Path | None) -> bytes:
    """The backend's .env; one with nothing real in it if none is chosen."""
    if path is None:
        return _made_up()
    try:
        return path.read_bytes()
    except OSError as error:
        raise ClinicError(f"{path} cannot be read ({reason(error)}): check --env-file.") from error


def _made_up() -> bytes:
    return (
        f"JWT_SECRET={secrets.token_urlsafe(36)}\nJWT_EXPIRATION_TIME=86400\n"
        f"GEMINI_API_KEY=made-up\n"
    ).encode()
