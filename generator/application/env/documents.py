"""Whether documents stay: the ``.env`` and the environments' parameters decide it together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from generator.application.env.dotenv import ERROR, WARNING, Remark
from generator.errors import ClinicError
from generator.layers.shared import DOCUMENTS_FILE_SYSTEM
from generator.parameters import files as parameters

ADVICE = (
    "set CLOUD=true and the documents' bucket here, or DocumentsFileSystem to true in its "
    "parameter file."
)


def remarks(values: Mapping[str, str], folder: Path, env: str = "") -> Iterator[Remark]:
    """Remarks for the environment ``env``, or for every one in ``folder`` if it is empty.

    ClinicError if the parameter file of ``env`` cannot be read; one that nobody named is left to
    `clinic params`.
    """
    if values.get("CLOUD") == "true":
        return
    if env:
        parameter_values = parameters.load(parameters.find(env, folder))
        if not _is_shared(parameter_values):
            many = _most_instances(parameter_values) != "1"
            name = parameters.find(env, folder).stem
            yield _lost(name, ERROR if many else WARNING)
            return
    if not values.get("BASE_URL"):
        says = (
            "BASE_URL is missing: the backend would give documents addresses at "
            "http://localhost:3000; give the stack's output SiteUrl."
        )
        yield Remark(0, WARNING, "documents", "BASE_URL", says)
    yield from () if env else (_lost(name, WARNING) for name in _without(folder))


def _without(folder: Path) -> list[str]:
    missing = []
    for name in parameters.environments(folder):
        with suppress(ClinicError):
            if not _is_shared(parameters.load(folder / f"{name}.json")):
                missing.append(name)
    return missing


def _is_shared(values: Mapping[str, str]) -> bool:
    name = DOCUMENTS_FILE_SYSTEM
    return str(values.get(name.title, name.Default)) == "true"


def _most_instances(values: Mapping[str, str]) -> str:
    # Imported here: the backend's layer takes as long as all the rest of `clinic env check`.
    from generator.layers.backend import MAX_INSTANCES

    return str(values.get(MAX_INSTANCES.title, MAX_INSTANCES.Default))


def _lost(env: str, severity: str) -> Remark:
    says = (
        f"documents would be lost in {env}: they would lie on each instance's own disk, unseen by "
        f"the others and gone with it; {ADVICE}"
    )
    return Remark(0, severity, "documents", "CLOUD", says)
