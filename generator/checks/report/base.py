"""An environment as another git revision describes it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from generator.checks.changes.forecast import OUTPUT, revision
from generator.errors import ClinicError
from generator.model import view
from generator.model.view import View
from generator.parameters import files as parameters


def read(env: str, params: Path, region: str, against: str | None) -> tuple[str, View | None]:
    """The revision's name and its view of ``env``; None if it does not know that environment."""
    path = parameters.find(env, params)
    then = revision.read(against, [OUTPUT, path])
    content = then.files.get(path.resolve())
    if content is None:
        if then.covers(path):
            return then.name, None
        content = path.read_bytes()
    with TemporaryDirectory() as folder:
        place = Path(folder)
        values = place / path.name
        values.write_bytes(content)
        (place / "nested").mkdir()
        for name, data in then.below(OUTPUT / "nested").items():
            (place / "nested" / name).parent.mkdir(parents=True, exist_ok=True)
            (place / "nested" / name).write_bytes(data)
        try:
            return then.name, view.load(str(values), place, place / "nested", region)
        except ClinicError as trouble:
            sentence = str(trouble).replace(folder, then.name)
            raise ClinicError(f"{then.name} cannot be compared: {sentence}") from trouble
