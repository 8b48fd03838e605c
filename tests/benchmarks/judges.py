"""What other people's tools object to in an environment, beside what the project promises: with
what the templates' Metadata tells them to leave out, and without.

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
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from generator import output, suppressions, tables
from generator.suppressions.judges import PACKS
from tests import resolved
from tests.benchmarks.explained import EXPLAINED
from tests.benchmarks.tools import NAG, Finding, Judge, MissingError, judges
from tests.benchmarks.typed import typed

PROMISED = {
    "checkov": 4,
    **{"cdk-nag HIPAA": 3, "cdk-nag NIST r5": 4, "cdk-nag PCI": 3},
    **{"cfn-guard Control Tower": 12, "cfn-guard registry": 16},
    **{"trivy, high and critical": 7, "cfn_nag": 4},
}
"""Of prod, with the suppressions that the templates carry: what docs/security.md explains."""

OBEYING = {
    **{"checkov": ("checkov", ""), "cfn-guard registry": ("guard", ""), "cfn_nag": ("cfn_nag", "")},
    **{f"cdk-nag {name}": ("cdk_nag", f"{pack}-") for name, pack in zip(NAG, PACKS, strict=True)},
}
"""Judges that read suppressions: their key in Metadata, and what stands there before a rule."""


class Answer(NamedTuple):
    """What a judge says; None where it could not be asked."""

    name: str
    version: str
    bare: list[Finding] | None
    """Without the suppressions."""
    left: list[Finding] | None


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        bare, carrying = (Path(folder) / name for name in ("bare.json", "carrying.json"))
        _write(options.env, bare, carrying)
        both = zip(judges(options, bare), judges(options, carrying), strict=True)
        answers = [_ask(*pair) for pair in both]
    tables.show(
        ["judge", "version", "without", "failed", "rules"],
        [[a.name, a.version, _count(a.bare), _count(a.left), _ids(a.left)] for a in answers],
    )
    if options.details:
        print()
        tables.show(
            ["judge", "rule", "resource", ""],
            [
                [a.name, *finding, _suppressed(a, finding)]
                for a in answers
                for finding in a.bare or ()
            ],
        )
    missing = [a.name for a in answers if a.left is None]
    wrong = [line for a in answers for line in _wrong(a)] if options.env == "prod" else []
    if wrong or missing:
        print("\n".join(["", *wrong, *(f"WARNING: {name} was not asked" for name in missing)]))
    sys.exit(1 if wrong else 2 if missing else 0)


def _write(env: str, bare: Path, carrying: Path) -> None:
    """One template twice: as it is generated, and without what tells judges what to leave out."""
    content = typed(output.documents()["flat.json"], resolved.parameters(env))
    carrying.write_text(json.dumps(content, indent=1), "utf-8")
    for title, resource in content["Resources"].items():
        for judge in suppressions.of_resource(title):
            del resource["Metadata"][judge]
    bare.write_text(json.dumps(content, indent=1), "utf-8")


def _wrong(answer: Answer) -> Iterator[str]:
    """More than is promised or explained, and suppressions that suppress nothing."""
    if answer.left is None or answer.bare is None:
        return
    if len(answer.left) > PROMISED[answer.name]:
        yield f"{answer.name}: {len(answer.left)} failed, {PROMISED[answer.name]} promised"
    for rule in sorted({rule for rule, _ in answer.left} - EXPLAINED.keys()):
        yield f"{answer.name}: {rule} is in no line of the table of controls in docs/security.md"
    key, prefix = OBEYING.get(answer.name, ("-", ""))
    for suppression in suppressions.SUPPRESSIONS:
        if suppression.judge == key and suppression.rule.startswith(prefix):
            about = (
                suppression.rule.removeprefix(prefix),
                suppression.place.removeprefix("Resources/"),
            )
            if not _says(answer.bare, *about):
                yield f"{answer.name}: {about[0]} has nothing to suppress at {about[1]}"
            if _says(answer.left, *about):
                yield f"{answer.name}: {about[0]} is not suppressed at {about[1]}"


def _says(found: list[Finding], rule: str, title: str) -> bool:
    """Whether a judge objects to a resource, or by guard's rules, which name none, to any."""
    return any(rule == of and title in (at or title).split(", ") for of, at in found)


def _suppressed(answer: Answer, finding: Finding) -> str:
    """Whether a finding is suppressed; trivy's, which nothing suppresses, are by line."""
    left = answer.name not in OBEYING or finding in (answer.left or ())
    return "" if left else "suppressed"


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


def _ask(bare: Judge, carrying: Judge) -> Answer:
    try:
        version = bare.version()
        return Answer(bare.name, version, sorted(bare.findings()), sorted(carrying.findings()))
    except (MissingError, OSError, ValueError, LookupError) as error:
        why = f"not to be had: {' '.join(str(error).split())[:150]}"
        return Answer(bare.name, why, None, None)


def _count(found: list[Finding] | None) -> str:
    return "MISSING" if found is None else str(len(found))


def _ids(found: list[Finding] | None) -> str:
    rules = Counter(rule for rule, _ in found or ())
    return ", ".join(rule if n == 1 else f"{rule} x{n}" for rule, n in sorted(rules.items()))


if __name__ == "__main__":
    main()
