"""`clinic twin`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.errors import ClinicError
from generator.options import ENV, PARAMS, PATH, TEMPLATES, reporting
from generator.report import Report


@click.command("twin")
@ENV
@TEMPLATES
@PARAMS
@click.option("--flat", is_flag=True, help="The one-template form.")
@click.option(
    "--env-file", type=PATH, help="The backend's .env; one with made-up values otherwise."
)
@click.option("--backend", type=PATH, help="A built NestJS application, instead of the small one.")
@click.option(
    "--docker",
    "real",
    is_flag=True,
    help="Instances run the backend as an image, each with a Docker daemon. Needs root.",
)
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
@click.option("--watch", "watches", is_flag=True, help="Print the address of a page of what runs.")
@click.option("--report", "reports", is_flag=True, help="Say what is enacted, and end.")
@click.option("--junit", type=PATH, metavar="FILE", help="With --prove: also a file for CI.")
@click.option(
    "--only", multiple=True, metavar="NAME", help="With --prove: only probes that begin so."
)
@click.option("--load/--no-load", default=True, help="With --prove: also what needs load.")
@reporting("enacted", "stands", "watch", "probe")
def twin_command(
    env: str,
    templates: Path | None,
    params: Path,
    flat: bool,
    env_file: Path | None,
    backend: Path | None,
    real: bool,
    frontend: Path | None,
    port: int,
    minute: float,
    quick: bool,
    shell: bool,
    proves: bool,
    watches: bool,
    reports: bool,
    junit: Path | None,
    only: tuple[str, ...],
    load: bool,
    report: Report,
) -> None:
    """Stand ENV up on this machine with real daemons, for a browser.

    The templates are deployed to an endpoint of its own; network, database, balancer, CDN and
    instances are built as they say, in namespaces that end with this command. Linux only; no root
    needed. What it cannot show: that CloudFormation takes the templates, IAM's own evaluation, the
    finer behaviour of CloudFront and the balancer, real times.

    \b
    clinic twin seed
    clinic twin prod --prove
    clinic twin dev --shell --port 8080
    clinic twin seed --watch
    """
    from generator import files
    from generator.application.publish import build
    from generator.twin import stand
    from generator.twin.twin import TwinOptions, stand_up

    if junit and not proves:
        raise ClinicError("--junit says what --prove saw: give both.")
    if junit:
        files.check(junit)
    environment, templates_view = stand.environment_and_view(env, params, templates, flat)
    if reports:
        stand.show_enacted(templates_view, report)
        return
    content = stand.env_file(env_file)
    if frontend:
        build.read(frontend, build.names(frontend))
    stand.enter(port, backend, watches=watches, real=real)
    place = Path(env).parent if env.endswith(".json") else params
    image = stand.image_of(backend, real=real)
    options = TwinOptions(image, content, quick, minute, place, stand.door())
    with stand_up(environment, templates_view, options, report) as twin:
        if watches:
            stand.watch(twin, report)
        stand.publish(twin, frontend)
        if proves:
            stand.prove_all(twin, report, junit, only, load=load)
        else:
            stand.serve(twin, report, shell=shell)
