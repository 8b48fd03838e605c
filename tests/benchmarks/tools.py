"""The judges of tests/benchmarks/judges.py: how each is had, run, and understood."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

CHECKOV = "checkov==3.3.30"
NODE = (
    *("aws-cdk-lib@2.276.0", "constructs@10.8.1", "cdk-nag@3.0.2"),
    "@cdklabs/cdk-validator-cfnguard@0.0.62",
)
NAG = {"HIPAA": "HIPAASecurityChecks", "NIST r5": "NIST80053R5Checks", "PCI": "PCIDSS321Checks"}
Finding = tuple[str, str]
"""A rule, and the resource that it is about; guard's rules are about a template."""


class Judge(NamedTuple):
    name: str
    version: Callable[[], str]
    findings: Callable[[], Iterator[Finding]]


class MissingError(Exception):
    """Why a judge cannot be asked."""


def _run(*command: str | Path, codes: tuple[int, ...] = (0,)) -> str:
    if shutil.which(command[0]) is None:
        raise MissingError(f"there is no {command[0]}")
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode not in codes:
        raise MissingError(f"{command[0]} failed: {(done.stderr or done.stdout)[-300:]}")
    return done.stdout


def judges(options: argparse.Namespace, template: Path) -> list[Judge]:
    tools: Path = options.tools.absolute()
    guard, tower = _guard(tools)
    registry = options.guard_rules
    return [
        Judge("checkov", lambda: _checkov(tools), lambda: _by_checkov(tools, template)),
        *(
            Judge(
                f"cdk-nag {name}",
                lambda: _node(tools, "cdk-nag"),
                partial(_by_nag, tools, template, pack),
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
const { App, CfnResource, Stack, Validations } = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const [template, outdir, pack] = process.argv.slice(2);
const app = new App({ outdir });
const included = new CfnInclude(new Stack(app, 'judged'), 'Template', { templateFile: template });
// cdk-nag 2 read this Metadata itself.
for (const resource of included.node.findAll().filter(CfnResource.isCfnResource)) {
  const suppressed = resource.getMetadata('cdk_nag') || { rules_to_suppress: [] };
  for (const rule of suppressed.rules_to_suppress) Validations.of(resource).acknowledge(rule);
}
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
