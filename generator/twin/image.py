"""What runs in the containers: the small backend, or a NestJS application that is built already."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path

from generator.errors import ClinicError
from generator.twin.namespaces import run

DRIVER = "pg@8.16.3"
"""PostgreSQL's driver for Node, which the small backend needs."""
DEBIAN = Path("/usr/share/nodejs/pg")
MAIN = "dist/main.js"


@dataclass(frozen=True)
class Image:
    """A folder of this machine in the place of a container image."""

    folder: str
    """Working folder inside the container."""
    command: list[str]
    binds: dict[str, str]
    """Folders inside an instance by folders of this machine."""
    env: dict[str, str] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)
    """Commands of images of other names."""
    archive: Path | None = None
    """What `docker load` reads, for a real Docker; the stand-in runs the folder otherwise."""

    def json(self) -> str:
        """As the stand-in for Docker reads it."""
        return json.dumps(
            {
                "folder": self.folder,
                "command": self.command,
                "env": self.env,
                "others": self.others,
            }
        )


def prepare(backend: Path | None) -> None:
    """Get what needs the internet, and check what was given, before there is no way to either."""
    if backend:
        built(backend)
    else:
        _driver()


def small(scratch: Path) -> Image:
    """The backend that comes with the twin; ClinicError where Node or its driver is missing."""
    app = scratch / "application"
    app.mkdir(parents=True)
    with as_file(files("generator.twin") / "backend" / "server.js") as source:
        shutil.copy(source, app / "server.js")
    modules = str(_driver())
    binds = {str(app): "/app", modules: "/modules"}
    return Image("/app", ["node", "/app/server.js"], binds, {"NODE_PATH": "/modules"})


def built(folder: Path) -> Image:
    """A NestJS application after its own build. ClinicError unless it is one."""
    for needed in (MAIN, "node_modules"):
        if not (folder / needed).exists():
            raise ClinicError(
                f"{folder} has no {needed}: give the folder of a backend that `npm ci` and "
                "`npm run build` have been through."
            )
    return Image("/app", ["node", MAIN.removesuffix(".js")], {str(folder.resolve()): "/app"})


def _driver() -> Path:
    """A folder of Node modules with the driver: Debian's, or from npm's registry, kept."""
    if DEBIAN.is_dir():
        return DEBIAN.parent
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clinic" / DRIVER
    if not (cache / "node_modules" / "pg").is_dir():
        if shutil.which("npm") is None:
            raise ClinicError(
                "the twin's backend needs Node's PostgreSQL driver: install node-pg, or npm."
            )
        cache.mkdir(parents=True, exist_ok=True)
        options = ["--prefix", str(cache), "--silent", "--no-audit", "--no-fund", "--no-save"]
        options += ["--fetch-retries=1", "--fetch-timeout=20000"]  # npm would try for minutes
        run(["npm", "install", *options, DRIVER])
    return cache / "node_modules"
