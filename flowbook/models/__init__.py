"""The things Flowbook is about: parameters, integration types, integrations, nodes, edges, workflows.

All but :class:`Workflow` are frozen. A workflow changes only through its own methods (``add``, ``connect``,
``remove``, …), each of which refuses what would make it inconsistent: a duplicate, an edge to nowhere, a cycle.
"""

from flowbook.models.base import Json, Predicate, explain, field_errors
from flowbook.models.definition import Definition
from flowbook.models.documents import FORMAT_VERSION
from flowbook.models.graph import Ancestry, Links, find_cycle
from flowbook.models.input_schema import object_of, schema_of_inputs
from flowbook.models.names import (
    NodeId,
    TypeName,
    check_integration_name,
    check_node_id,
    check_type_name,
    check_workflow_name,
    kebab,
)
from flowbook.models.nodes import SUB_WORKFLOW_TASKS, Edge, Node, Retry, node_from_document, workflows_named
from flowbook.models.notes import Note
from flowbook.models.parameters import PARAMETER_TYPES, Integration, IntegrationType, Parameter, ParameterType
from flowbook.models.workflow import Workflow

__all__ = [
    "FORMAT_VERSION",
    "PARAMETER_TYPES",
    "SUB_WORKFLOW_TASKS",
    "Ancestry",
    "Definition",
    "Edge",
    "Integration",
    "IntegrationType",
    "Json",
    "Links",
    "Node",
    "NodeId",
    "Note",
    "Parameter",
    "ParameterType",
    "Predicate",
    "Retry",
    "TypeName",
    "Workflow",
    "check_integration_name",
    "check_node_id",
    "check_type_name",
    "check_workflow_name",
    "explain",
    "field_errors",
    "find_cycle",
    "kebab",
    "node_from_document",
    "object_of",
    "schema_of_inputs",
    "workflows_named",
]  # fmt: skip
