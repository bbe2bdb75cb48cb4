"""GraphQL, for what no task does. Facts: https://docs.github.com/en/graphql."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from flowbook import Result, TaskFailed, task

from .client import DONE, ELSEWHERE, Credentials, GitHub, graphql_address, object_of
from .fields import LongText, Params, not_blank


class GraphQL(Params):
    """A GraphQL query or mutation."""

    query: Annotated[LongText, AfterValidator(not_blank)] = Field(description="The query")
    variables: dict[str, Any] = Field(default_factory=dict, description="Values for its variables")


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def graphql(credentials: Credentials, params: GraphQL) -> Result:
    """Run a GraphQL query or mutation; an error in its answer fails the node.

    https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
    """
    body: dict[str, Any] = {"query": params.query}
    if params.variables:
        body["variables"] = params.variables
    with GitHub(credentials, base_url=graphql_address(credentials.base_url)) as api:
        answer = object_of(api.post("/graphql", json=body, expect=DONE))
    errors = answer.get("errors")
    if not errors and answer.get("data") is None:
        raise TaskFailed("GitHub's GraphQL answered without data.", answer, ELSEWHERE)
    if errors:
        words = "; ".join(str(error.get("message", error)) for error in errors if isinstance(error, dict))
        raise TaskFailed(f"GitHub's GraphQL says: {words or 'an error without words'}", answer)
    return Result.ok("The GraphQL query was answered", answer.get("data"))
