"""``clinic prove``: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.options import PARAMS, TEMPLATES, reporting
from generator.report import Report


@click.command("prove")
@click.argument("env", metavar="ENV|FILE")
@TEMPLATES
@PARAMS
@click.option("--accept", is_flag=True, help="Write what was found as what is expected.")
@reporting("reach", "difference", "proof")
def prove_command(
    env: str, templates: Path | None, params: Path, accept: bool, report: Report
) -> None:
    """Prove who reaches whom, and that nobody else does.

    Internet, CDN, subnets, components, buckets, secrets, registry: what the templates let through
    is compared with the expectations of the environment, in expectations/ beside its parameter
    file, or with the documented table if it has none there. Exits with 1 on any difference, and on
    anything that cannot be judged.

    \b
    clinic prove prod
    clinic prove prod --json | grep '"difference"'
    clinic prove prod --accept           # after a change that is meant: commit the file
    clinic prove /tmp/mine.json --templates /tmp/flat.json
    """
    from generator.checks.reach import changed, expectations, prove
    from generator.checks.reach import report as reach
    from generator.model import view
    from generator.parameters import files as parameters

    seen = view.load(env, params, templates)
    folder = parameters.find(env, params).parent
    proof = prove(seen, folder)
    if accept:
        place = expectations.place(folder, seen.env)
        expectations.accept(place, proof.reaches, changed.recorded(seen))
        proof = prove(seen, folder)
    report.tell_all(reach.objects(proof))
    if not report.json:
        reach.show(proof, reach.command_line(env, templates, params))
    if proof.differences:
        raise click.exceptions.Exit(1)
