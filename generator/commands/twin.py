"""`clinic twin`."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from generator import files
from generator.application.publish import build
from generator.application.smoke.prove import FAILED, OK, Result
from generator.application.smoke.report import junit as write_junit
from generator.cloud.environment import Environment, load
from generator.cloud.progress import Report
from generator.errors import ClinicError, reason
from generator.local.endpoint import missing
from generator.local.frontend import write_small_build
from generator.model import view
from generator.model.view import FLAT
from generator.options import JSON, PARAMS, PATH, TEMPLATES
from generator.twin import enacted, image, namespaces
from generator.twin.twin import Choices, Twin, stand_up

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


@click.command("twin")
@click.argument("env")
@TEMPLATES
@PARAMS
@click.option("--flat", is_flag=True, help="The one-template form.")
@click.option(
    "--env-file", type=PATH, help="The backend's .env; one with made-up values otherwise."
)
@click.option("--backend", type=PATH, help="A built NestJS application, instead of the small one.")
@click.option("--frontend", type=PATH, help="A built frontend to publish.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where a browser gets in.")
@click.option(
    "--minute",
    type=click.FloatRange(1, 60),
    default=60.0,
    show_default=True,
    help="Seconds that a minute of timers takes.",
)
@click.option("--quick", is_flag=True, help="Shorten the waits between two questions.")
@click.option("--shell", is_flag=True, help="Give a shell in which clinic and aws work against it.")
@click.option("--prove", "proves", is_flag=True, help="Probe, report and end: exit 0 or 1.")
@click.option("--report", "reports", is_flag=True, help="Say what is enacted, and end.")
@click.option("--junit", type=PATH, metavar="FILE", help="With --prove: also a file for CI.")
@click.option(
    "--only", multiple=True, metavar="NAME", help="With --prove: only probes that begin so."
)
@click.option("--load/--no-load", default=True, help="With --prove: also what needs load.")
@JSON
def twin_command(
    env: str,
    templates: Path | None,
    params: Path,
    flat: bool,
    env_file: Path | None,
    backend: Path | None,
    frontend: Path | None,
    port: int,
    minute: float,
    quick: bool,
    shell: bool,
    proves: bool,
    reports: bool,
    junit: Path | None,
    only: tuple[str, ...],
    load: bool,
    as_json: bool,
) -> None:
    """Stand ENV up on this machine with real daemons, and use it in a browser.

    The templates are deployed to an endpoint of its own; network, database, balancer, CDN and
    instances are built as they say, in namespaces that end with this command. Linux only; no root
    needed. What it cannot show: that CloudFormation takes the templates, IAM's own evaluation, the
    finer behaviour of CloudFront and the balancer, real times.

    \b
    clinic twin seed
    clinic twin prod --prove
    clinic twin dev --shell --port 8080
    """
    report = Report(as_json)
    if junit and not proves:
        raise ClinicError("--junit says what --prove saw: give both.")
    if junit:
        files.check(junit)
    wanted, seen = _wanted(env, params, templates, flat)
    rows = list(enacted.rows(seen.resources))
    if reports:
        _report(rows, report)
        return
    content = _env_file(env_file) if env_file else _made_up()
    if frontend:
        build.read(frontend, build.names(frontend))
    if not namespaces.is_own_world():
        if why := why_not():
            raise ClinicError(f"the twin cannot stand here: {why}")
        door = _open(port)
        image.prepare(backend)
        os.environ[DOOR] = str(door.fileno())
        namespaces.own_world(["-m", "generator", *sys.argv[1:]], keep=[door.fileno()])
    namespaces.furnish()
    chosen = image.built(backend) if backend else image.small(namespaces.SCRATCH / "image")
    place = Path(env).parent if env.endswith(".json") else params
    choices = Choices(chosen, content, quick, minute, place, int(os.environ[DOOR]))
    with stand_up(wanted, seen, choices, report) as twin:
        _publish(twin, frontend)
        if proves:
            _prove(twin, report, junit, only, load=load)
            return
        twin.instances.wait(600)
        with socket.socket(fileno=os.dup(choices.door)) as door:
            report.say(
                f"\nhttp://127.0.0.1:{door.getsockname()[1]}/ is {twin.cdn.host}; Ctrl-C ends it."
            )
        if shell:
            twin.outside([os.environ.get("SHELL", "bash")])
            return
        twin.cdn.process.wait()


def why_not() -> str:
    """Why no environment can stand on this machine, as one sentence; empty if one can."""
    return namespaces.why_not(PROGRAMS, FILES) or missing()


def _report(rows: Sequence[enacted.Row], report: Report) -> None:
    """One line for each resource type and what is done with its properties."""
    for row in rows:
        report.tell("enacted", **row._asdict())
    kinds: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        kinds.setdefault((row.type, row.does), set()).add(row.property)
    for (kind, does), names in sorted(kinds.items()):
        report.say(f"{does:13} {kind}: {', '.join(sorted(names))}")
    report.say(enacted.summary(rows))


def _prove(
    twin: Twin, report: Report, junit: Path | None, only: Sequence[str], *, load: bool
) -> None:
    """Probe everything and say what was seen; ClinicError (1) where something does not hold."""
    from generator.twin.prove import prove

    results = []
    for shown in prove(twin, load=load, only=only):
        report.say(f"{'holds' if shown.holds else 'BROKEN':7} {shown.name}: {shown.seen}")
        status, ms = (OK if shown.holds else FAILED), round(1000 * shown.seconds)
        says = shown.says or f"{shown.name} holds"
        said = {"name": shown.name, "holds": shown.holds, "seen": shown.seen}
        report.tell("probe", **said, says=says, ms=ms)
        results.append(Result(shown.name, says, status, shown.seen, ms))
    if junit:
        write_junit(twin.env.name, results, junit, "twin")
    report.say(enacted.summary(list(enacted.rows(twin.deployed.resources))))
    broken = sum(one.status == FAILED for one in results)
    if broken:
        raise ClinicError(
            f"{twin.env.name} does not hold in {broken} of its promises.", exit_code=1
        )


def _publish(twin: Twin, frontend: Path | None) -> None:
    """Publish a built frontend, or the small one; ClinicError (1) if that fails."""
    folder = frontend or namespaces.SCRATCH / "frontend"
    if frontend is None:
        folder.mkdir()
        write_small_build(folder)
    ended = twin.clinic("publish", twin.env.name, str(folder))
    if ended.returncode:
        raise ClinicError(f"publishing failed: {ended.stderr.strip()[-400:]}", exit_code=1)


def _wanted(
    env: str, params: Path, templates: Path | None, flat: bool
) -> tuple[Environment, view.View]:
    """What to deploy, and the view of it that the twin is built from."""
    ours = load(env, params, flat)
    seen = view.load(env, params, templates)
    if templates is None:
        return ours, seen
    if FLAT in seen.templates:
        return Environment(ours.name, seen.values, {"flat.json": dict(seen.templates[FLAT])}), seen
    documents = {f"{name}.json": dict(document) for name, document in seen.templates.items()}
    return Environment(ours.name, seen.values, documents), seen


def _open(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise ClinicError(
            f"port {port} of 127.0.0.1 cannot be used ({reason(error)}): choose another --port."
        ) from error


def _env_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ClinicError(f"{path} cannot be read ({reason(error)}): check --env-file.") from error


def _made_up() -> bytes:
    """A .env with nothing real in it."""
    return (
        f"JWT_SECRET={secrets.token_urlsafe(36)}\nJWT_EXPIRATION_TIME=86400\n"
        f"GEMINI_API_KEY=made-up\n"
    ).encode()
