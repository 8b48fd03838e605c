"""What other people's tools object to in an environment, beside what the project promises.

    python -m tests.benchmarks.judges [ENV] [--tools FOLDER] [--guard-rules FOLDER]
        [--trivy COMMAND] [--cfn-nag COMMAND] [--details]

What PyPI and npm have is installed into FOLDER, in exactly these versions: checkov; cdk-nag; and
cfn-guard, which @cdklabs/cdk-validator-cfnguard brings for x86_64 and arm64 with the rules of
Control Tower. Not to be had there: trivy, cfn_nag (a Ruby gem) and the rules of
github.com/aws-cloudformation/aws-guard-rules-registry; say where they are. Rules without network
are enough: checkov asks for guidelines and trivy for newer checks, and both do without.

Exit codes: 0 no more than promised, 1 more, 2 a judge is missing or broken.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from generator import tables
from tests import resolved
from tests.benchmarks.explained import EXPLAINED
from tests.benchmarks.typed import typed

CHECKOV = "checkov==3.3.30"
NODE = (
    *("aws-cdk-lib@2.276.0", "constructs@10.8.1", "cdk-nag@3.0.2"),
    "@cdklabs/cdk-validator-cfnguard@0.0.62",
)
NAG = {"HIPAA": "HIPAASecurityChecks", "NIST r5": "NIST80053R5Checks", "PCI": "PCIDSS321Checks"}
PROMISED = {
    "checkov": 9,
    **{"cdk-nag HIPAA": 15, "cdk-nag NIST r5": 16, "cdk-nag PCI": 13},
    **{"cfn-guard Control Tower": 12, "cfn-guard registry": 25},
    **{"trivy, high and critical": 8, "cfn_nag": 10},
}
"""Of prod: what README's table of controls explains."""

Finding = tuple[str, str]
"""A rule, and the resource that it is about; guard's rules are about a template."""


class Judge(NamedTuple):
    name: str
    version: Callable[[], str]
    findings: Callable[[], Iterator[Finding]]


class MissingError(Exception):
    """Why a judge cannot be asked."""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.json"
        content = typed(resolved.flat(), resolved.parameters(options.env))
        template.write_text(json.dumps(content, indent=1), "utf-8")
        results = [_ask(judge) for judge in _judges(options, template)]
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
        f"{name}: {rule} is in no line of README's table of controls"
        for name, _, found in results
        for rule in sorted({rule for rule, _ in found or ()} - EXPLAINED.keys())
        if options.env == "prod"
    ]
    if more or missing:
        print("\n".join(["", *more, *(f"WARNING: {name} was not asked" for name in missing)]))
    sys.exit(1 if more else 2 if missing else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.judges")
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


def _run(*command: str | Path, codes: tuple[int, ...] = (0,)) -> str:
    if shutil.which(command[0]) is None:
        raise MissingError(f"there is no {command[0]}")
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode not in codes:
        raise MissingError(f"{command[0]} failed: {(done.stderr or done.stdout)[-300:]}")
    return done.stdout


def _judges(options: argparse.Namespace, template: Path) -> list[Judge]:
    tools: Path = options.tools.absolute()
    guard, tower = _guard(tools)
    registry = options.guard_rules
    return [
        Judge("checkov", lambda: _checkov(tools), lambda: _by_checkov(tools, template)),
        *(
            Judge(
                f"cdk-nag {name}",
                lambda: _node(tools, "cdk-nag"),
                lambda pack=pack: _by_nag(tools, template, pack),  # type: ignore[misc]
            )
            for name, pack in NAG.items()
        ),
        Judge(
            "cfn-guard Control Tower",
            lambda: f"{_node(tools, '@cdklabs/cdk-validator-cfnguard')} of the rules",
            lambda: _by_guard(guard, tower, template),
        ),
        Judge(
            "cfn-guard registry",
            lambda: _registry_version(tools, registry),
            lambda: _by_guard(guard, registry / "rules" / "aws", template),
        ),
        Judge(
            "trivy, high and critical",
            lambda: _run(options.trivy, "--version").split("\n")[0].split()[-1],
            lambda: _by_trivy(options.trivy, template),
        ),
        Judge(
            "cfn_nag",
            lambda: _run(options.cfn_nag, "--version").strip() or "unknown",
            lambda: _by_cfn_nag(options.cfn_nag, template),
        ),
    ]


def _checkov(tools: Path) -> str:
    if not (tools / "python" / "bin" / "checkov").exists():
        _run(sys.executable, "-m", "venv", tools / "python")
        _run(tools / "python" / "bin" / "pip", "install", "-q", CHECKOV)
    return _run(tools / "python" / "bin" / "checkov", "--version").strip()


def _by_checkov(tools: Path, template: Path) -> Iterator[Finding]:
    text = _run(
        *(tools / "python" / "bin" / "checkov", "--file", template, "--framework"),
        *("cloudformation", "--compact", "--quiet", "--output", "json"),
        codes=(0, 1),
    )
    for check in json.loads(text)["results"]["failed_checks"]:
        yield check["check_id"], check["resource"].split(".")[-1]


def _node(tools: Path, package: str) -> str:
    """The version of an npm package, installed with the others if need be."""
    description = tools / "node" / "node_modules" / package / "package.json"
    if not description.exists():
        _run("npm", "install", "--silent", "--prefix", tools / "node", *NODE)
    version: str = json.loads(description.read_text("utf-8"))["version"]
    return version


NAG_SCRIPT = """
const { App, Stack, Validations } = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const [template, outdir, pack] = process.argv.slice(2);
const app = new App({ outdir });
new CfnInclude(new Stack(app, 'judged'), 'Template', { templateFile: template });
Validations.of(app).addPlugins(new (require('cdk-nag'))[pack](app));
try { app.synth(); } catch (error) { if (!/Validation failed/.test(error.message)) throw error; }
"""


def _by_nag(tools: Path, template: Path, pack: str) -> Iterator[Finding]:
    script = tools / "node" / "nag.js"
    script.write_text(NAG_SCRIPT, "utf-8")
    with tempfile.TemporaryDirectory() as out:
        _run("node", script, template, out, pack, codes=(0, 1))
        report = json.loads((Path(out) / "validation-report.json").read_text("utf-8"))
    mine = next(found for found in report["pluginReports"] if "Validate" not in found["pluginName"])
    for violation in mine["violations"]:
        # A warning is what it cannot see in a template: whether the default group is closed.
        if violation["severity"] == "error":
            for construct in violation["violatingConstructs"]:
                rule = violation["ruleName"].split("-", 1)[1]
                yield rule, construct["constructPath"].split("/")[-1]


def _guard(tools: Path) -> tuple[Path, Path]:
    """The program, and the folder of Control Tower's rules."""
    package = tools / "node" / "node_modules" / "@cdklabs" / "cdk-validator-cfnguard"
    system = "macos" if sys.platform == "darwin" else "ubuntu"
    machine = "aarch64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    return package / "bin" / system / machine / "cfn-guard", package / "rules" / "control-tower"


def _registry_version(tools: Path, registry: Path | None) -> str:
    if registry is None:
        raise MissingError("its rules are on GitHub only: give --guard-rules")
    _node(tools, "@cdklabs/cdk-validator-cfnguard")
    when = _run("git", "-C", registry, "log", "-1", "--format=%h of %as")
    return when.strip()


def _by_guard(guard: Path, rules: Path, template: Path) -> Iterator[Finding]:
    guard.chmod(0o755)
    text = _run(
        *(guard, "validate", "--rules", rules, "--data", template),
        *("--structured", "--output-format", "json", "--show-summary", "none"),
        codes=(0, 19),
    )
    for report in json.loads(text):
        for failed in report["not_compliant"]:
            yield failed["Rule"]["name"], ""


def _by_trivy(trivy: str, template: Path) -> Iterator[Finding]:
    text = _run(
        *(trivy, "config", "--quiet", "--skip-check-update", "--severity", "HIGH,CRITICAL"),
        *("--format", "json", template),
    )
    for result in json.loads(text).get("Results", []):
        for found in result.get("Misconfigurations", []):
            yield found["ID"], found["CauseMetadata"].get("Resource", "")


def _by_cfn_nag(cfn_nag: str, template: Path) -> Iterator[Finding]:
    """Its own count goes by rules; warnings count as failures do."""
    reports: list[dict[str, Any]] = json.loads(
        _run(cfn_nag, "--output-format=json", str(template), codes=(0, 1))
    )
    for found in reports[0]["file_results"]["violations"]:
        yield found["id"], ", ".join(found["logical_resource_ids"])


if __name__ == "__main__":
    main()
