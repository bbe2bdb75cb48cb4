"""Swagger 2 in the words of OpenAPI 3: https://swagger.io/specification/v2/"""

from __future__ import annotations

from typing import Any

from flowbook.authoring.openapi.document import Description, listed, mapping

_STYLES = {
    "csv": ("form", False), "ssv": ("spaceDelimited", False), "pipes": ("pipeDelimited", False),
    "tsv": ("tabDelimited", False), "multi": ("form", True),
}  # fmt: skip
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


def operation_of(description: Description, operation: dict[str, Any], shared: list[Any]) -> dict[str, Any]:
    """An operation with the parameters that its path has for all (``shared``), as OpenAPI 3 would write it."""
    given = [description.followed(one) for one in [*shared, *listed(operation.get("parameters"))]]
    found = {(str(one.get("name")), str(one.get("in"))): one for one in given}
    plain = [_parameter(one) for (_, where), one in found.items() if where not in ("body", "formData")]
    kinds = [str(kind) for kind in listed(operation.get("consumes") or description.document.get("consumes"))]
    responses = {
        code: _response(description.followed(one)) for code, one in mapping(operation.get("responses")).items()
    }
    changed = {**operation, "parameters": plain, "responses": responses}
    bodies = [one for (_, where), one in found.items() if where == "body"]
    fields = [one for (_, where), one in found.items() if where == "formData"]
    if bodies:
        kind = next((kind for kind in kinds if "json" in kind), kinds[0] if kinds else "application/json")
        body = bodies[0]
        content = {kind: {"schema": body.get("schema") or {}}}
        about = body.get("description")
        changed["requestBody"] = {"required": bool(body.get("required")), "description": about, "content": content}
    elif fields:
        changed["requestBody"] = _form(fields, kinds)
    return changed


def _form(fields: list[dict[str, Any]], kinds: list[str]) -> dict[str, Any]:
    files = any(one.get("type") == "file" for one in fields)
    kind = _FORMS[0] if files or kinds[:1] == [_FORMS[0]] else _FORMS[1]
    properties = {
        str(one.get("name")): {"type": "string", "format": "binary", "description": one.get("description")}
        if one.get("type") == "file"
        else {**_schema(one), "description": one.get("description")}
        for one in fields
    }
    required = [one.get("name") for one in fields if one.get("required")]
    schema = {"type": "object", "properties": properties, "required": required}
    return {"required": bool(required), "content": {kind: {"schema": schema}}}


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {key: given[key] for key in ("name", "in", "required", "description") if key in given}
    style, explode = _STYLES.get(str(given.get("collectionFormat", "csv")), ("form", False))
    return {**changed, "schema": _schema(given), "style": style, "explode": explode}


def _schema(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in ("name", "in", "required", "collectionFormat")}


def _response(given: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": given["schema"]}} if given.get("schema") else {}
    return {"headers": given.get("headers") or {}, "content": content}


def servers_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The servers of a Swagger 2 document."""
    host = str(document.get("host") or "")
    base = str(document.get("basePath") or "")
    schemes = [str(one) for one in listed(document.get("schemes"))]
    scheme = "https" if "https" in schemes or not schemes else schemes[0]
    return [{"url": f"{scheme}://{host}{base}" if host else base}]


def schemes_of(document: dict[str, Any]) -> dict[str, Any]:
    """The security schemes of a Swagger 2 document."""
    return {name: _scheme(mapping(one)) for name, one in mapping(document.get("securityDefinitions")).items()}


def _scheme(given: dict[str, Any]) -> dict[str, Any]:
    if given.get("type") == "basic":
        return {"type": "http", "scheme": "basic", "description": given.get("description")}
    if given.get("type") != "oauth2":
        return given
    flow = {"application": "clientCredentials", "accessCode": "authorizationCode"}.get(
        str(given.get("flow")), str(given.get("flow"))
    )
    return {"type": "oauth2", "flows": {flow: {"tokenUrl": given.get("tokenUrl"), "scopes": given.get("scopes")}}}
