"""Compares nodes with what ONNX says of their operators."""

from __future__ import annotations

from typing import Any

from onnx import AttributeProto, ModelProto, NodeProto, defs

from .values import Unsupported

__all__ = ["check_node", "versions_of"]


def versions_of(model: ModelProto) -> dict[str, int]:
    """Return the versions of the operators of each domain."""
    return {"" if entry.domain == "ai.onnx" else entry.domain: entry.version for entry in model.opset_import}


def check_node(node: NodeProto, versions: dict[str, int]) -> None:
    """Check that a node has the inputs, outputs and attributes of its operator.

    Parameters
    ----------
    node : NodeProto
    versions : dict
        Of `versions_of`.

    Raises
    ------
    Unsupported
        If not.
    """
    domain = "" if node.domain == "ai.onnx" else node.domain
    version = versions.get(domain)
    try:
        schema = defs.get_schema(node.op_type, version or 0, domain)
    except defs.SchemaError:
        raise Unsupported(f"version {version} of {domain or 'ONNX'!r:.80} has no such operator") from None
    for what, names, least, most in (
        ("input", list(node.input), schema.min_input, schema.max_input),
        ("output", list(node.output), schema.min_output, schema.max_output),
    ):
        if not least <= len(names) <= most or (what == "input" and "" in names[:least]):
            more = f" to {most}" if most > least else ""
            raise Unsupported(f"{what}s: expected {least}{more}, got {names[:9]!r:.200}")
    for attribute in node.attribute:
        known = schema.attributes.get(attribute.name)
        if known is None:
            raise Unsupported(f"its operator has no attribute {attribute.name!r:.80}")
        expected: Any = known.type
        if attribute.type != expected.value:
            kinds = AttributeProto.AttributeType
            found = kinds.Name(attribute.type) if attribute.type in kinds.values() else attribute.type
            raise Unsupported(f"{attribute.name}: expected {expected.name}, got {found}")
    given = {attribute.name for attribute in node.attribute}
    missing = [name for name, known in schema.attributes.items() if known.required and name not in given]
    if missing:
        raise Unsupported(f"its attribute {missing[0]} is not there")
