"""Templates as plain data."""

from __future__ import annotations

from typing import Any

from troposphere import AWSHelperFn, BaseAWSObject, Template


def plain(template: Template) -> dict[str, Any]:
    """What ``template.to_dict()`` gives and checks, in half the time: troposphere encodes a value
    once more for every level that it is deep. ValueError for a resource that is not whole."""
    return {
        section: _plain(content)
        for section, content in {
            "Description": template.description,
            "Metadata": template.metadata,
            "Conditions": template.conditions,
            "Outputs": template.outputs,
            "Parameters": template.parameters,
            "Rules": template.rules,
        }.items()
        if content
    } | {"Resources": _plain(template.resources)}


def _plain(node: Any) -> Any:
    if isinstance(node, str):
        return node
    if isinstance(node, dict):
        return {name: _plain(value) for name, value in node.items()}
    if isinstance(node, list | tuple):
        return [_plain(value) for value in node]
    if isinstance(node, BaseAWSObject):
        if node.do_validation:
            node._validate_props()
            node.validate()
        return {
            name: _plain(value)
            for name, value in node.resource.items()
            if name != "Properties" or value
        }
    if isinstance(node, AWSHelperFn) and type(node).to_dict is AWSHelperFn.to_dict:
        return _plain(node.data)
    encode = getattr(node, "to_dict", None) or getattr(node, "JSONrepr", None)
    return _plain(encode()) if encode else node
