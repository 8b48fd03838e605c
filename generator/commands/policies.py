"""``clinic policies``: the policies of output/policies for one environment in one region."""

from __future__ import annotations

from pathlib import Path

import click

from generator.options import PARAMS, PATH, reporting
from generator.report import Report


@click.command("policies")
@click.argument("env")
@click.option("--region", envvar="AWS_REGION", help="AWS region; otherwise AWS_REGION.")
@click.option("--account", help="Twelve digits. Otherwise that of whoever has the policy.")
@click.option("--output", type=PATH, help="Folder to write to. [default: policies-ENV-REGION]")
@reporting("policy")
@PARAMS
def policies_command(
    env: str,
    region: str | None,
    account: str | None,
    output: Path | None,
    params: Path,
    report: Report,
) -> None:
    """Write the IAM policies for ENV alone, in one region.

    Who has them can do nothing to another environment's stack. No account is asked.
    output/roles.json makes the same policies, and roles that have them.

    \b
    clinic policies dev --region us-east-1
    clinic policies prod --region us-east-1 --account 123456789012 --output /tmp/prod
    """
    from generator import output as outputs
    from generator.cloud.policies import for_place, place_of

    place = place_of(env, region, account, params)
    files = outputs.render(for_place(place))
    folder = output or Path(f"policies-{place.stack.removeprefix('clinic-')}-{place.region}")
    outputs.write(folder, files)
    for name, data in files.items():
        report.tell("policy", file=str(folder / name), bytes=len(data))
    report.table(["file", "bytes"], [[str(folder / name), len(files[name])] for name in files])
