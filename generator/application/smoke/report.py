"""Results for people, for programs and for CI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.text import Text

from generator import files
from generator.application.smoke.prove import FAILED, OK, UNDECIDED, UNTESTED, Result
from generator.report import Report

STYLES = {OK: "green", FAILED: "red", UNDECIDED: "yellow", UNTESTED: "dim"}


def show(result: Result, report: Report) -> None:
    """One line for one promise."""
    report.tell("promise", **asdict(result))
    if not report.json:
        line = Text.assemble(
            f"{result.name:<18}",
            (f"{result.status:<12}", STYLES[result.status]),
            f"{result.ms:>6,} ms  {result.says}: {result.reason}",
        )
        # A line of a log is one line, however narrow the terminal would be.
        Console(soft_wrap=True, highlight=False).print(line)


def summary(results: Sequence[Result]) -> str:
    """How many of each, in one line."""
    counts = Counter(result.status for result in results)
    return ", ".join(f"{counts[status]} {status}" for status in STYLES if counts[status])


def junit(name: str, results: Sequence[Result], path: Path, command: str = "smoke") -> None:
    """Write the file that CI reads: failures fail, what was not decided or tested is skipped.

    ``command`` is the one of ours whose results they are.
    """
    failed = [result for result in results if result.status == FAILED]
    skipped = [result for result in results if result.status in (UNDECIDED, UNTESTED)]
    counts = {"tests": len(results), "failures": len(failed), "skipped": len(skipped), "errors": 0}
    attributes = {key: str(value) for key, value in counts.items()}
    root = ElementTree.Element("testsuites", attributes)
    suite = ElementTree.SubElement(
        root, "testsuite", {"name": f"clinic {command} {name}", **attributes}
    )
    for result in results:
        where = {"classname": f"clinic.{command}", "name": f"{result.name}: {result.says}"}
        case = ElementTree.SubElement(suite, "testcase", {**where, "time": f"{result.ms / 1000}"})
        if result.status == FAILED:
            ElementTree.SubElement(case, "failure", {"message": result.reason})
        elif result.status != OK:
            message = f"{result.status}: {result.reason}"
            ElementTree.SubElement(case, "skipped", {"message": message})
    files.write(path, ElementTree.tostring(root, "utf-8", xml_declaration=True))
