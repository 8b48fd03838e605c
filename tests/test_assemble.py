"""The contract between layers, on layers of the test's own."""

from __future__ import annotations

from typing import Any

import pytest
from troposphere import If, Ref, Template
from troposphere.ec2 import VPC, InternetGateway
from troposphere.s3 import Bucket

from generator import architecture, layers
from generator.assemble import flat, nested
from generator.errors import ClinicError
from generator.layer import Layer, Name, Provided
from generator.model.nesting import inline

SIZE = Name("Size", Type="String", Default="small")
NAMES = Name("Names", Type="CommaDelimitedList", Description="Two buckets.")
EXTRA = Name("Extra", Type="String", Description="A gateway, or nothing.")


def build_producer(template: Template, values):
    template.add_condition("IsLarge", {"Fn::Equals": [values[SIZE], "large"]})
    buckets = [template.add_resource(Bucket(f"Bucket{letter}")).ref() for letter in "AB"]
    gateway = template.add_resource(InternetGateway("Gateway", Condition="IsLarge"))
    return {NAMES: buckets, EXTRA: Provided("IsLarge", gateway.ref())}


def build_consumer(template: Template, values):
    template.add_condition("IsLarge", {"Fn::Equals": [values[SIZE], "large"]})
    template.add_resource(
        VPC(
            "Consumer",
            CidrBlock="10.0.0.0/16",
            Tags=[{"Key": "names", "Value": {"Fn::Join": ["+", values[NAMES]]}}],
            InstanceTenancy=If("IsLarge", values[EXTRA], "default"),
        )
    )
    return {}


PRODUCER = Layer(
    "Producer", build_producer, needs=(SIZE,), offers=(NAMES, EXTRA), settles=("BucketA",)
)
CONSUMER = Layer("Consumer", build_consumer, needs=(SIZE, NAMES, EXTRA))
LAYERS = (PRODUCER, CONSUMER)


def as_data(templates):
    return {name: template.to_dict() for name, template in templates.items()}


def test_lists_cross_a_stack_boundary_as_text():
    made = as_data(nested(LAYERS, ()))
    assert "Fn::Join" in made["producer"]["Outputs"]["Names"]["Value"]
    assert made["consumer"]["Parameters"]["Names"]["Type"] == "CommaDelimitedList"
    passed = made["root"]["Resources"]["ConsumerStack"]["Properties"]["Parameters"]["Names"]
    assert passed == {"Fn::GetAtt": ["ProducerStack", "Outputs.Names"]}


def test_the_flat_form_hands_lists_on_as_lists():
    consumer = flat(LAYERS, ()).to_dict()["Resources"]["Consumer"]["Properties"]
    [tag] = consumer["Tags"]
    assert tag["Value"] == {"Fn::Join": ["+", [{"Ref": "BucketA"}, {"Ref": "BucketB"}]]}


def test_a_conditional_offer_is_the_word_none_where_it_crosses_and_bare_where_it_does_not():
    outputs = as_data(nested(LAYERS, ()))["producer"]["Outputs"]
    assert outputs["Extra"]["Value"] == {"Fn::If": ["IsLarge", {"Ref": "Gateway"}, "none"]}
    consumer = flat(LAYERS, ()).to_dict()["Resources"]["Consumer"]["Properties"]
    assert consumer["InstanceTenancy"] == {"Fn::If": ["IsLarge", {"Ref": "Gateway"}, "default"]}


def test_a_need_that_nobody_offers_is_asked_of_the_operator_once():
    root = as_data(nested(LAYERS, ()))["root"]
    assert set(root["Parameters"]) == {"TemplateBaseUrl", "Size"}
    assert set(flat(LAYERS, ()).to_dict()["Parameters"]) == {"Size"}


def test_the_flat_form_waits_for_what_the_producer_settles():
    resources = flat(LAYERS, ()).to_dict()["Resources"]
    assert resources["Consumer"]["DependsOn"] == ["BucketA"]
    assert "DependsOn" not in resources["BucketA"]


def test_both_forms_hold_the_same():
    inlined = inline(as_data(nested(LAYERS, (NAMES,))))
    whole = flat(LAYERS, (NAMES,)).to_dict()
    del whole["Resources"]["Consumer"]["DependsOn"]
    assert inlined["Resources"] == whole["Resources"]
    assert inlined["Outputs"] == whole["Outputs"]


AGAIN = Name("Names", Type="String")
BROKEN = {
    "promises and does not deliver": [Layer("A", lambda t, v: {}, offers=(NAMES,))],
    "delivers what it does not promise": [Layer("A", lambda t, v: {NAMES: "x"})],
    "uses what it did not declare": [Layer("A", lambda t, v: {NAMES: v[SIZE]}, offers=(NAMES,))],
    "declares a name twice": [PRODUCER, Layer("B", build_consumer, needs=(AGAIN,))],
    "consumes before it is produced": [CONSUMER, PRODUCER],
    "two produce the same": [PRODUCER, Layer("B", build_producer, (SIZE,), (NAMES, EXTRA))],
    "two resources have one logical id": [PRODUCER, Layer("B", build_producer, (SIZE,), (AGAIN,))],
}


@pytest.mark.parametrize("why", BROKEN)
@pytest.mark.parametrize("assemble", [nested, flat])
def test_layers_that_break_the_contract_do_not_assemble(assemble, why):
    with pytest.raises((ClinicError, ValueError)):
        assemble(BROKEN[why], ())


@pytest.mark.parametrize("assemble", [nested, flat])
def test_what_a_layer_reads_and_does_not_need_is_named_with_the_layer_and_its_file(assemble):
    with pytest.raises(ClinicError) as refused:
        assemble([PRODUCER, CONSUMER._replace(needs=(SIZE, NAMES))], ())
    assert str(refused.value) == (
        f"{__file__}: the layer Consumer reads Extra, which is not among its needs: write it into "
        "needs of CONSUMER."
    )


def test_the_file_of_a_layer_of_the_project_is_where_it_is_built():
    assert {layer.file for layer in architecture.LAYERS} >= {
        "generator/layers/network.py",
        "generator/layers/backend/__init__.py",
    }


def test_a_module_of_layers_without_a_layer_in_the_architecture_is_named(tmp_path, monkeypatch):
    (tmp_path / "queue.py").touch()
    monkeypatch.setattr(layers, "__path__", [*layers.__path__, str(tmp_path)])
    with pytest.raises(ClinicError, match=r"has queue, .* into LAYERS \(generator/architecture"):
        architecture.templates()


def test_a_name_equals_only_itself():
    assert Name("Size", Type="String") != SIZE
    assert {SIZE: 1}[SIZE] == 1


def test_a_condition_that_means_something_else_is_kept_apart():
    made = as_data(nested(LAYERS, ()))
    made["consumer"]["Conditions"]["IsLarge"] = {"Fn::Equals": ["a", "b"]}
    conditions = inline(made)["Conditions"]
    assert conditions["ConsumerStackIsLarge"] == {"Fn::Equals": ["a", "b"]}
    assert conditions["IsLarge"] != conditions["ConsumerStackIsLarge"]


def test_a_reference_is_what_a_child_sees():
    seen: dict[str, Any] = {}
    layer = Layer("A", lambda t, v: seen.update(v) or {}, needs=(SIZE,))
    nested([layer], ())
    assert isinstance(seen[SIZE], Ref)
