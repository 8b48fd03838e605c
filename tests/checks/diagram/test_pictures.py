"""Both forms of the picture: complete, legible, the same every time, in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from generator import svg
from generator.checks.diagram import draw, mermaid
from generator.checks.diagram.arrow_paths import arrow_paths
from generator.checks.diagram.labels import LANGUAGES, Labels, _file
from generator.checks.diagram.layout import Box, place
from generator.checks.diagram.model import Architecture
from tests.checks.diagram.sets import CERTIFICATE, ROOT, changed, ours, theirs
from tests.conftest import Ended

SVG = "{http://www.w3.org/2000/svg}"
CLOSED = {"CloudFrontPrefixListId": "pl-3b927c52"}
VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    "seed": ("seed", {}),
    "dev": ("dev", {}),
    "prod": ("prod", {}),
    "three zones": ("prod", {"Zones": "3", "VpcCidr": "172.31.240.0/20"}),
    "three zones, one gateway": ("seed", {"Zones": "3"}),
    "three zones, no gateway": ("dev", {"Zones": "3"}),
    "closed": ("seed", {"AlbExposure": "cloudfront", "NatGateways": "per-zone", **CLOSED}),
    "names": (
        "prod",
        {
            "DomainName": f"{'long-' * 9}name.{'clinic.' * 12}example",
            "CertificateArn": CERTIFICATE,
            "InstanceType": "t3.medium",
            "MinInstances": "7",
            "MaxInstances": "20",
        },
    ),
}


@pytest.fixture(params=VARIANTS)
def found(request: pytest.FixtureRequest) -> Architecture:
    env, changes = VARIANTS[request.param]
    return ours(env, **changes)


def drawn(found: Architecture, language: str = "en") -> ElementTree.Element:
    return ElementTree.fromstring(draw.draw(found, Labels(language)))


def texts(root: ElementTree.Element) -> Iterator[tuple[str, Box]]:
    """Every line of text with the room that it takes."""
    for line in root.iter(f"{SVG}text"):
        size, said = float(line.get("font-size", 0)), line.text or ""
        wide = svg.width(said, size) * (1.05 if line.get("font-weight") else 1)
        shift = {"middle": wide / 2, "end": wide}.get(line.get("text-anchor", ""), 0)
        x, y = float(line.get("x", 0)) - shift, float(line.get("y", 0))
        yield said, Box(x, y - 0.75 * size, wide, size)


def overlap(one: Box, other: Box) -> bool:
    return (
        min(one.right, other.right) - max(one.x, other.x) > 0.5
        and min(one.bottom, other.bottom) - max(one.y, other.y) > 0.5
    )


def inside(inner: Box, outer: Box) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.right <= outer.right
        and inner.bottom <= outer.bottom
    )


def test_no_box_lies_on_another(found: Architecture) -> None:
    layout = place(found, Labels("en"))
    for (one, a), (other, b) in combinations(layout.boxes.items(), 2):
        assert not overlap(a, b), (one, other)


def test_everything_is_where_it_belongs(found: Architecture) -> None:
    layout = place(found, Labels("en"))
    assert set(layout.boxes) == set(found.parts)
    for name, box in layout.boxes.items():
        assert inside(box, layout.page), name
        part = found.parts[name]
        if part.subnets:
            assert inside(box, layout.network), name
            cells = [layout.cells[subnet] for subnet in part.subnets]
            assert all(overlap(box, cell) for cell in cells), name
            assert not any(
                overlap(box, cell) for s, cell in layout.cells.items() if s not in part.subnets
            )
        for chip in layout.chips.get(name, []):
            assert inside(chip, box)
    for subnet in found.subnets:
        assert inside(layout.cells[subnet.id], layout.zones[subnet.zone])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_lies_on_another_or_beside_the_page(found: Architecture, language: str) -> None:
    root = drawn(found, language)
    page = Box(0, 0, float(root.get("width", 0)), float(root.get("height", 0)))
    lines = list(texts(root))
    for said, room in lines:
        assert inside(room, page), said
    for (one, a), (other, b) in combinations(lines, 2):
        assert not overlap(a, b), (one, other)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_ours_is_cut(language: str) -> None:
    for name, (env, changes) in VARIANTS.items():
        cut = [said for said, _ in texts(drawn(ours(env, **changes), language)) if "…" in said]
        assert len(cut) == (name == "names"), cut


def test_no_arrow_s_text_hides_a_tip(found: Architecture) -> None:
    layout = place(found, Labels("en"))
    for way in arrow_paths(found, layout):
        text = Labels("en").arrow(way.arrow)
        if text:
            wide = svg.width(text, 11.5) + 14
            pill = Box(way.text[0] - wide / 2, way.text[1] - 9, wide, 18)
            x, y = way.points[-1]
            assert not overlap(pill, Box(x - 4, y - 4, 8, 8)), way.arrow


def test_no_arrow_runs_through_the_name_of_a_subnet_or_zone(found: Architecture) -> None:
    words = Labels("en")
    names = {words.picture(subnet.way) for subnet in found.subnets}
    names |= {subnet.cidr for subnet in found.subnets}
    names |= {words.picture("zone", zone=zone) for zone in found.zones}
    rooms = [room for said, room in texts(drawn(found)) if said in names]
    assert len(rooms) == 2 * len(found.subnets) + len(found.zones)
    for way in arrow_paths(found, place(found, words)):
        for (x0, y0), (x1, y1) in pairwise(way.points):
            line = Box(min(x0, x1) - 1, min(y0, y1) - 1, abs(x1 - x0) + 2, abs(y1 - y0) + 2)
            assert not any(overlap(line, room) for room in rooms), way.arrow


def test_zones_stand_apart_and_requests_go_down_between_the_first_two(found: Architecture) -> None:
    layout = place(found, Labels("en"))
    zones = [layout.zones[zone] for zone in found.zones]
    assert all(one.right + 16 < other.x for one, other in pairwise(zones))
    assert zones[0].right < layout.lane < zones[1].x


def test_every_arrow_ends_at_its_part_and_turns_at_right_angles(found: Architecture) -> None:
    layout = place(found, Labels("en"))
    ways = list(arrow_paths(found, layout))
    assert [way.arrow for way in ways] == list(found.arrows)
    for way in ways:
        for (x0, y0), (x1, y1) in pairwise(way.points):
            assert x0 == x1 or y0 == y1, way.arrow
        box = layout.boxes[way.arrow.target]
        x, y = way.points[-1]
        assert way.joins or (box.x <= x <= box.right and box.y <= y <= box.bottom), way.arrow


def test_what_the_cdn_asks_is_reached_past_no_other_service(found: Architecture) -> None:
    layout = place(found, Labels("en"))
    services = {name: box for name, box in layout.boxes.items() if box.x > layout.network.right}
    for way in arrow_paths(found, layout):
        if found.parts[way.arrow.source].kind != "cdn":
            continue
        for (x0, y0), (x1, y1) in pairwise(way.points):
            line = Box(min(x0, x1) - 1, min(y0, y1), abs(x1 - x0) + 2, abs(y1 - y0) + 1)
            crossed = {name for name, box in services.items() if overlap(line, box)}
            assert crossed <= {way.arrow.target}


def test_every_part_and_every_port_is_written(found: Architecture) -> None:
    root = drawn(found)
    said = " ".join(line for line, _ in texts(root))
    titles = " ".join(title.text or "" for title in root.iter(f"{SVG}title"))
    for part in found.parts.values():
        assert part.id in titles
    for arrow in found.arrows:
        assert arrow.text in said
    for subnet in found.subnets:
        assert subnet.cidr in said


def test_the_same_architecture_is_the_same_bytes() -> None:
    for language in LANGUAGES:
        words = Labels(language)
        assert draw.draw(ours("prod"), words) == draw.draw(ours("prod"), words)
        assert mermaid.draw(ours("prod"), words) == mermaid.draw(ours("prod"), words)


def test_it_is_legible_on_a_dark_page_and_says_what_it_is() -> None:
    root = drawn(ours())
    first = root.find(f"{SVG}rect")
    assert first is not None
    assert (first.get("fill"), first.get("width")) == ("#fff", root.get("width"))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Architecture of seed"
    assert "derived" in (root.findtext(f"{SVG}desc") or "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("seed", {}), ("seed", {"NatGateways": "none"})),
        (("seed", {}), ("seed", {"Zones": "3"})),
        (("seed", {}), ("seed", {"AlbExposure": "cloudfront", **CLOSED})),
        (("seed", {}), ("seed", {"MultiAz": "true"})),
        (("seed", {}), ("seed", {"MaxInstances": "5"})),
        (("prod", {}), ("prod", {"BackupPlan": "false"})),
    ],
)
def test_a_change_of_the_architecture_changes_both_forms(
    before: tuple[str, dict[str, str]], after: tuple[str, dict[str, str]]
) -> None:
    words = Labels("en")
    one, two = (ours(env, **changes) for env, changes in (before, after))
    assert draw.draw(one, words) != draw.draw(two, words)
    assert mermaid.draw(one, words) != mermaid.draw(two, words)


def test_both_languages_have_every_text_and_the_same_facts() -> None:
    english, spanish = (_file()[language] for language in LANGUAGES)
    for section in ("picture", "part", "row", "arrow"):
        assert english[section].keys() == spanish[section].keys()
    for kind, lines in english["part"].items():
        facts = [re.findall(r"\{(\w+)\}", " ".join(t)) for t in (lines, spanish["part"][kind])]
        assert facts[0] == facts[1], kind


@pytest.mark.parametrize("env", ["seed", "dev", "prod"])
def test_in_spanish_no_word_of_the_templates_is_left_in_english(env: str) -> None:
    names = {
        p.facts["name"]
        for p in ours(env, AlbExposure="cloudfront", **CLOSED).parts.values()
        if "name" in p.facts
    }
    assert names <= _file()["es"]["name"].keys()


def test_no_label_of_mermaid_begins_as_a_list_does(found: Architecture) -> None:
    """The default behaviour's path is a star; Mermaid before 11.10 takes it for a list's."""
    text = mermaid.draw(found, Labels("en"))
    assert '|"#42; · OAC"|' in text
    assert not re.search(r'"[*+-] ', text)


def test_mermaid_has_every_part_that_an_arrow_leads_to(found: Architecture) -> None:
    text = mermaid.draw(found, Labels("en"))
    declared = set(re.findall(r'^ +(\w+)[(\[]+"', text, re.MULTILINE))
    joined = set(re.findall(r"^ +(\w+) -", text, re.MULTILINE))
    joined |= set(re.findall(r"(\w+)$", "\n".join(re.findall(r".*->.*", text)), re.MULTILINE))
    assert joined <= declared
    assert {"Database", "BackendGroup", "LoadBalancer", "Distribution", "browser"} <= joined
    assert text.count("subgraph") == text.count("    end\n") == 1


def _hostile(resources: dict[str, Any]) -> None:
    group = resources["AlbSecurityGroup"]["Properties"]
    group["GroupDescription"] = '"]&<script>#quot;`x`</script>'


def test_what_the_templates_say_is_never_markup(tmp_path: Path) -> None:
    found = changed(tmp_path, "seed", _hostile)
    root = drawn(found)
    assert not list(root.iter(f"{SVG}script"))
    assert any('"]&<script>#quot;`x`</script>' in line for line, _ in texts(root))
    [line] = [x for x in mermaid.draw(found, Labels("en")).splitlines() if "script" in x]
    assert re.fullmatch(r' +LoadBalancer\["[^"<>&`]*(<br>[^"<>&`]*)*"\]', line)


@pytest.mark.parametrize(
    "resources",
    [
        {"Site": {"Type": "AWS::S3::Bucket"}},
        {"Topic": {"Type": "AWS::Lambda::Function"}},
        {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "Net1": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"},
            },
            "Db": {
                "Type": "AWS::RDS::DBInstance",
                "Properties": {"Engine": "mysql", "DBSubnetGroupName": {"Ref": "Nets"}},
            },
            "Nets": {
                "Type": "AWS::RDS::DBSubnetGroup",
                "Properties": {"SubnetIds": [{"Ref": "Net1"}]},
            },
        },
    ],
    ids=["a bucket", "nothing to show", "one zone"],
)
def test_somebody_else_s_set_is_drawn_too(tmp_path: Path, resources: dict[str, Any]) -> None:
    found = theirs(tmp_path, resources)
    root = drawn(found)
    assert root.get("width")
    layout = place(found, Labels("en"))
    assert all(inside(box, layout.page) for box in layout.boxes.values())
    assert mermaid.draw(found, Labels("es")).startswith("flowchart LR\n")


def _elsewhere(resources: dict[str, Any]) -> None:
    """Balancer, instances and database in subnets that another template made."""
    resources["LoadBalancer"]["Properties"]["Subnets"] = ["subnet-0a", "subnet-0b"]
    resources["BackendGroup"]["Properties"]["VPCZoneIdentifier"] = ["subnet-0a"]
    resources["Database"]["Properties"]["DBSubnetGroupName"] = "theirs"
    resources["NatGatewayA"]["Properties"]["SubnetId"] = "subnet-0a"


def test_parts_in_subnets_of_another_template_have_a_tier_of_their_own(tmp_path: Path) -> None:
    found = changed(tmp_path, "seed", _elsewhere)
    assert len(found.rows["elsewhere"]) == 2
    layout = place(found, Labels("en"))
    cells = [layout.cells[subnet.id] for subnet in found.rows["elsewhere"]]
    for name in ("LoadBalancer", "BackendGroup", "Database"):
        assert all(overlap(layout.boxes[name], cell) for cell in cells), name
    assert overlap(layout.boxes["NatGatewayA"], cells[0])
    for way in arrow_paths(found, layout):
        box, (x, y) = layout.boxes[way.arrow.target], way.points[-1]
        assert overlap(box, Box(x - 1, y - 1, 2, 2)), way.arrow
    for (one, a), (other, b) in combinations(layout.boxes.items(), 2):
        assert not overlap(a, b), (one, other)
    said = {line for line, _ in texts(drawn(found))}
    assert {"made elsewhere", "RDS PostgreSQL 17", "5432", "3000"} <= said
    assert "subnets made elsewhere" in mermaid.draw(found, Labels("en"))


def test_a_part_of_which_too_little_is_known_goes_by_its_id(tmp_path: Path) -> None:
    found = theirs(tmp_path, {"Store": {"Type": "AWS::RDS::DBInstance", "Properties": {}}})
    assert Labels("en").lines(found.parts["Store"]) == ["Store"]


Clinic = Callable[..., Ended]


def test_without_an_environment_the_documented_one_is_drawn(clinic: Clinic) -> None:
    assert clinic("diagram").out == mermaid.draw(ours("seed"), Labels("en"))


def test_the_file_s_ending_says_which_form_is_meant(clinic: Clinic, tmp_path: Path) -> None:
    ended = clinic("diagram", "prod", "--output", tmp_path / "a.svg", "--language", "es")
    assert ended.code == 0
    assert ended.out == f"{tmp_path}/a.svg: prod, 25 parts and 18 arrows\n"
    assert (tmp_path / "a.svg").read_text() == draw.draw(ours("prod"), Labels("es"))
    clinic("diagram", "prod", "--output", tmp_path / "a.mmd")
    assert (tmp_path / "a.mmd").read_text() == mermaid.draw(ours("prod"), Labels("en"))


def test_for_programs_each_line_is_an_object(clinic: Clinic) -> None:
    lines = clinic("diagram", "seed", "--json").out.splitlines()
    told = [json.loads(line) for line in lines[:-1]]
    arrows = {(a["source"], a["target"]): a["text"] for a in told if a["shows"] == "arrow"}
    assert arrows["BackendGroup", "Database"] == "5432"
    assert {one["shows"] for one in told} == {"subnet", "part", "arrow"}


def test_another_region_has_its_own_zones(clinic: Clinic) -> None:
    assert (
        "Availability zone sa-east-1a"
        in clinic("diagram", "seed", "--format", "svg", "--region", "sa-east-1").out
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("diagram", "nowhere"), "there is no environment"),
        (("diagram", "--region", "mars"), 'no AWS region "mars": give one such as us-east-1.'),
        (("diagram", "--region", "eu-wst-1"), 'no AWS region "eu-wst-1": did you mean eu-west-1?'),
        (("diagram", "--region", ""), 'no AWS region ""'),
        (("diagram", "seed", "--templates", "nowhere"), "cannot be read"),
        (("diagram", "seed", "--output", "nowhere/a.svg"), "cannot be written"),
        (("diagram", "seed", "--output", "tests"), "cannot be written"),
        (("diagram", "seed", "--output", "a.png"), "a.png ends like no format"),
        (("diagram", "seed", "--templates", "{odd}"), "cfn-lint says where"),
        (("timeline", "seed", "--templates", "{odd}"), "cfn-lint says where"),
    ],
)
def test_bad_input_is_one_sentence(
    clinic: Clinic, arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    odd = json.loads((ROOT / "output" / "flat.json").read_text())
    odd["Resources"]["LaunchTemplate"]["Properties"]["LaunchTemplateData"] = "none"
    (tmp_path / "odd.json").write_text(json.dumps(odd))
    ended = clinic(*(part.format(odd=tmp_path / "odd.json") for part in arguments))
    assert ended.code == 2
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_what_is_not_drawn_is_named(clinic: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("[]")
    made = {"Cluster": {"Type": "AWS::ECS::Cluster"}, "Machine": {"Type": "AWS::EC2::Instance"}}
    (tmp_path / "flat.json").write_text(json.dumps({"Resources": made}))
    ended = clinic("diagram", tmp_path / "mine.json", "--templates", tmp_path / "flat.json")
    assert ended.code == 0
    assert ended.err == "Not drawn: AWS::ECS::Cluster.\n"
    assert "VPC 1 zones" in ended.out
    assert "EC2: Machine" in ended.out
    arguments = (tmp_path / "mine.json", "--templates", tmp_path / "flat.json")
    assert "EC2: Machine" in clinic("diagram", *arguments, "--format", "svg").out
