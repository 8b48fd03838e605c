"""Lambda functions of the templates: their own code, in a process of its own outside of the VPC."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator.errors import ClinicError
from generator.twin.deployed import Deployed
from generator.twin.services import Identity, Services

LAMBDA = "AWS::Lambda::Function"
RUNNER = """
import importlib, json, sys, time
module, handler = sys.argv[1].split(".")
end = time.monotonic() + float(sys.argv[2])
class Context:
    @staticmethod
    def get_remaining_time_in_millis():
        return int(1000 * (end - time.monotonic()))
result = getattr(importlib.import_module(module), handler)(json.load(sys.stdin), Context())
print("\\n" + json.dumps(result))
"""


def invoke(
    services: Services,
    deployed: Deployed,
    name: str,
    event: Mapping[str, Any],
    bundle: Path,
) -> Any:
    """What the function of a logical id returns for ``event``; its role's policies judge each of
    its calls. ClinicError (1) with the end of what it printed if it fails."""
    given = deployed.of_type(LAMBDA)[name]
    folder = bundle.parent.parent / "functions" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.py").write_text(given["Code"]["ZipFile"])
    key = "ASIA" + secrets.token_hex(8).upper()
    services.identities[key] = Identity(name, str(given["Role"]).rpartition("/")[2])
    own = {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "twin/secret+key",
        "AWS_REGION": services.region,
        "AWS_DEFAULT_REGION": services.region,
        "AWS_CA_BUNDLE": str(bundle),
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": str(folder),
        "PATH": os.environ.get("PATH", ""),
        **given.get("Environment", {}).get("Variables", {}),
    }
    limit = float(given.get("Timeout", 3))
    command = [sys.executable, "-c", RUNNER, str(given["Handler"]), str(limit)]
    try:
        ended = subprocess.run(
            ["nsenter", "--net=/run/netns/client", *command],
            input=json.dumps(event),
            env=own,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ClinicError(f"the function {name} took more than {limit:.0f} s.", 1) from error
    finally:
        del services.identities[key]
    if ended.returncode:
        raise ClinicError(f"the function {name} failed: {ended.stderr.strip()[-400:]}", 1)
    return json.loads(ended.stdout.strip().splitlines()[-1])
