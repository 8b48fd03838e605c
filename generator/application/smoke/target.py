"""What a smoke test is pointed at: an environment, or an address."""

from __future__ import annotations

import re
from pathlib import Path

from generator.application.smoke.site import Site, of_stack, of_url
from generator.cloud.aws import connect
from generator.cloud.environment import load


def site_of(target: str, params: Path, profile: str | None, region: str | None) -> Site:
    """The site of an environment's stack, or of a URL; ClinicError if there is none."""
    # An environment's name has neither dots nor colons, and every address has one.
    if re.search("[.:]", target) and not target.endswith(".json"):
        return of_url(target)
    env = load(target, params)
    return of_stack(connect(profile, region), env.name, env.stack)
