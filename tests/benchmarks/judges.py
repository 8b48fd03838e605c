"""What other people's tools object to in an environment, beside what the project promises.

    python -m tests.benchmarks.judges [ENV] [--tools FOLDER] [--guard-rules FOLDER]
        [--trivy COMMAND] [--cfn-nag COMMAND] [--details]

What PyPI and npm have is installed into FOLDER, in exactly these versions: checkov; cdk-nag; and
cfn-guard, which @cdklabs/cdk-validator-cfnguard brings for x86_64 and arm64 with the rules of
Control Tower. Not to be had there: trivy, cfn_nag (a Ruby gem) and the rules of
github.com/aws-cloudformation/aws-guard-rules-registry; say where they are. checkov
asks the network for guidelines, and does without.

Exit codes: 0 no more than promised, 1 more, 2 a judge is missing or broken.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from generator import tables
from tests import resolved
from tests.benchmarks.explained import EXPLAINED
from tests.benchmarks.tools import Finding, Judge, MissingError, judges
from tests.benchmarks.typed import typed

PROMISED = {
    "checkov": 9,
    **{"cdk-nag HIPAA": 15, "cdk-nag NIST r5": 16, "cdk-nag PCI": 13},
    **{"cfn-guard Control Tower": 12, "cfn-guard registry": 25},
    **{"trivy, high and critical": 8, "cfn_nag": 10},
}
"""Of prod: what the table of controls in docs/security.md explains."""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.json"
        content = typed(resolved.flat(), resolved.parameters(options.env))
        template.write_text(json.dumps(content, indent=1), "utf-8")
        results = [_ask(judge) for judge in judges(options, template)]
    rows = []
    for name, version, found in results:
        ids = Counter(rule for rule, _ in found or ())
        rows.append([name, version, "MISSING" if found is None else str(len(found)), _ids(ids)])
    tables.show(["judge", "version", "failed", "rules"], rows)
    if options.details:
        print()
        tables.show(
            ["judge", "rule", "resource"],
            [[name, *finding] for name, _, found in results for finding in found or ()],
        )
    missing = [name for name, _, found in results if found is None]
    more = [
        f"{name}: {len(found)} failed, {PROMISED[name]} promised"
        for name, _, found in results
        if options.env == "prod" and found is not None and len(found) > PROMISED[name]
    ]
    more += [
        f"{name}: {rule} is in no line of the table of controls in docs/security.md"
        for name, _, found in results
        for rule in sorted({rule for rule, _ in found or ()} - EXPLAINED.keys())
        if options.env == "prod"
    ]
    if more or missing:
        print("\n".join(["", *more, *(f"WARNING: {name} was not asked" for name in missing)]))
    sys.exit(1 if more else 2 if missing else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.judges",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("env", nargs="?", default="prod", choices=resolved.ENVIRONMENTS)
    parser.add_argument("--tools", type=Path, default=Path(tempfile.gettempdir(), "clinic-judges"))
    parser.add_argument("--guard-rules", type=Path, help="a checkout of aws-guard-rules-registry")
    parser.add_argument("--trivy", default="trivy")
    parser.add_argument("--cfn-nag", default="cfn_nag")
    parser.add_argument("--details", action="store_true", help="every finding with its resource")
    return parser.parse_args()


def _ask(judge: Judge) -> tuple[str, str, list[Finding] | None]:
    try:
        return judge.name, judge.version(), sorted(judge.findings())
    except (MissingError, OSError, ValueError, LookupError) as error:
        return judge.name, f"not to be had: {' '.join(str(error).split())[:150]}", None


def _ids(rules: Counter[str]) -> str:
    return ", ".join(rule if n == 1 else f"{rule} x{n}" for rule, n in sorted(rules.items()))


if __name__ == "__main__":
    main()
