"""What is no build is refused in one sentence, before anything else happens."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.application.publish import build as reading
from generator.application.publish import refusals
from generator.application.publish.build import Build, names, read
from generator.errors import ClinicError

from .sites import build, write

Change = Callable[[Path], None]
MAP = "sourceMappingURL=data:application/json;charset=utf-8;base64,eyJ2ZXJzaW9uIjozfQ=="


def whole(dist: Path, maps: bool = False) -> Build:
    return read(dist, names(dist, maps), maps)


def add(key: str, text: str = "x") -> Change:
    def change(dist: Path) -> None:
        path = dist / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return change


def link(key: str, target: str) -> Change:
    def change(dist: Path) -> None:
        (dist / key).symlink_to(target)

    return change


def without_index(dist: Path) -> None:
    (dist / "index.html").unlink()


def index_below(dist: Path) -> None:
    add("build/index.html")(dist)
    without_index(dist)


def index_is_a_folder(dist: Path) -> None:
    without_index(dist)
    add("index.html/page.html")(dist)


def index_in_capitals(dist: Path) -> None:
    (dist / "index.html").rename(dist / "Index.html")


def pipe(dist: Path) -> None:
    os.mkfifo(dist / "pipe.js")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_index, "has no index.html, so it is no build of a site: run the build"),
        (index_below, "build?"),
        (index_is_a_folder, "index.html is a folder: it must be the site's page"),
        (index_in_capitals, "rename Index.html"),
        (add("index.html", ""), "index.html is empty: the build did not finish"),
        (add(".env"), 'contains ".env", which may hold secrets'),
        (add("config/.env.production"), 'contains "config/.env.production", which'),
        (add("assets/prod.env"), 'contains "assets/prod.env", which'),
        (add("assets/index-BkA3xQ9z.js.map"), "--source-maps"),
        (add("assets/a-BkA3xQ9z.js", f"x\n//# {MAP}"), "which ends in a source map, which shows"),
        (add("assets/a-BkA3xQ9z.css", f"x /*# {MAP} */"), 'contains "assets/a-BkA3xQ9z.css"'),
        (add("node_modules/x/index.js"), "is a project and not its build, since it has node_mod"),
        (add("vite.config.ts"), "is a project and not its build, since it has vite.config.ts"),
        *(
            (add(key), f'contains "{key}", in a hidden folder, which holds sources, settings or')
            for key in (
                *(".git/config", ".svn/entries", ".aws/credentials", ".vscode/settings.json"),
                *(".idea/workspace.xml", ".ssh/known_hosts", "assets/.Git/HEAD", ".x/y/z.txt"),
                *("docs/.well-known/x.txt", ".well-known/.git/config", ".vite/.aws/config"),
            )
        ),
        *(
            (add(key), f'contains "{key}", which looks like a private key and would be public')
            for key in (
                *("server.pem", "assets/tls.KEY", "id_rsa", "keys/id_ed25519", "id_ecdsa_sk"),
                *("id_rsa.bak", "site.p12", "site.pfx", "app.keystore", ".well-known/a.pem"),
            )
        ),
        (add("Robots.txt"), "which differ only in case"),
        (add("Assets/other.js"), '"Assets" and "assets", which differ only in case'),
        (add("é.svg"), "differ only in case"),
        (add("assets/a\nb.js"), "with characters that no address can hold"),
        (add("assets/a\\b.js"), "with a backslash"),
        (link("passwd.txt", "/etc/passwd"), "outside of"),
        (link("up", ".."), "outside of"),
        (link("assets/again", "../assets"), "is a link to a folder that it is in"),
        (link("round", "round"), "leads nowhere"),
        (link("gone.js", "missing.js"), "leads nowhere"),
        (pipe, "is no file but a device or a pipe"),
    ],
)
def test_what_is_no_build_is_refused(dist: Path, change: Change, said: str) -> None:
    (dist / "e\N{COMBINING ACUTE ACCENT}.svg").write_text("x")
    change(dist)
    with pytest.raises(ClinicError) as refused:
        whole(dist)
    assert said in str(refused.value)
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_not_there_or_a_file_is_refused(tmp_path: Path, dist: Path) -> None:
    with pytest.raises(ClinicError, match="does not exist: run the build first"):
        names(tmp_path / "nowhere")
    with pytest.raises(ClinicError, match="is a file: give the folder"):
        names(dist / "index.html")


def test_a_name_that_is_no_text_is_refused(dist: Path) -> None:
    Path(os.fsdecode(os.fsencode(dist) + b"/\xff.js")).write_text("x")
    with pytest.raises(ClinicError, match="characters that no address can hold"):
        names(dist)


def test_a_name_that_is_too_long_is_refused(dist: Path) -> None:
    add("/".join(["x" * 200] * 6) + ".js")(dist)
    with pytest.raises(ClinicError, match="more than 1,024 bytes"):
        names(dist)


def test_more_files_than_any_site_has_are_refused(
    dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (reading, refusals):
        monkeypatch.setattr(module, "MOST_FILES", 4)
    with pytest.raises(ClinicError, match="holds more than 4 files"):
        names(dist)


def test_a_file_that_cannot_be_read_is_named(dist: Path) -> None:
    named = names(dist)
    (dist / "robots.txt").unlink()
    with pytest.raises(ClinicError, match=r"robots\.txt cannot be read \(no such file"):
        read(dist, named)


def test_source_maps_are_published_by_wish(dist: Path) -> None:
    add("assets/index-BkA3xQ9z.js.map")(dist)
    add("assets/a-BkA3xQ9z.js", f"//# {MAP}")(dist)
    assert "assets/index-BkA3xQ9z.js.map" in whole(dist, maps=True).files


@pytest.mark.parametrize("code", ['base64,".concat(btoa(x))', "base64,${btoa(x)}`"])
def test_a_script_that_makes_source_maps_holds_none(dist: Path, code: str) -> None:
    add("assets/a-BkA3xQ9z.js", f"'//# sourceMappingURL=data:application/json;{code}")(dist)
    assert "assets/a-BkA3xQ9z.js" in whole(dist).files


def test_links_inside_are_followed(dist: Path) -> None:
    link("humans.txt", "robots.txt")(dist)
    link("files", "assets")(dist)
    files = whole(dist).files
    assert files["humans.txt"].md5 == files["robots.txt"].md5
    assert "files/index-D8b4DHJx.css" in files


def test_the_folder_itself_may_be_a_link(dist: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(dist)
    assert whole(tmp_path / "current").files == whole(dist).files


def test_hidden_files_stay_behind_and_odd_ones_are_told_of(dist: Path) -> None:
    left = (".DS_Store", ".vite/manifest.json", "assets/.npmrc", ".well-known/.htaccess")
    for key in (*left, "CNAME", "api/x.json", ".well-known/security.txt", "id_rsa_explained.html"):
        add(key)(dist)
    add("assets/empty.css", "")(dist)
    found = whole(dist)
    assert not {*left} & {*found.files}
    assert "id_rsa_explained.html" in found.files
    assert ".well-known/security.txt" in found.files
    told = "\n".join(found.warnings)
    for part in ('".DS_Store" stays here', '"CNAME" has no suffix', '"api/x.json" cannot'):
        assert part in told
    assert '"assets/empty.css" is empty' in told


def test_a_file_knows_its_sum_and_how_it_is_served(dist: Path) -> None:
    (dist / "robots.txt").write_text("hello")
    file = whole(dist).files["robots.txt"]
    assert file.md5 == "5d41402abc4b2a76b9719d911017c592"
    assert file.attributes == {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-cache",
        "md5": file.md5,
    }


def test_the_order_of_files_does_not_depend_on_the_disk(tmp_path: Path) -> None:
    forth = write(tmp_path / "a", build())
    back = write(tmp_path / "b", dict(reversed(build().items())))
    assert list(names(forth)) == list(names(back)) == sorted(build())
