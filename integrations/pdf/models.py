"""What the PDF tasks are given."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from flowbook import Secret, typed

MAX_BYTES = 100_000_000

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}

Name = Annotated[str, StringConstraints(min_length=1)]
Pages = Annotated[
    Annotated[str, StringConstraints(pattern=r"^ *\d+ *(- *\d* *)?(, *\d+ *(- *\d* *)?)*$")] | None, typed.BlankIsNone
]
PAGES = "Pages, from 1, as 1-3, 5, 8- (from 8 on); empty for all"
MOST = "Largest file that is read, in bytes"


class Credentials(typed.Credentials):
    """The password of files that have one; others need none."""

    password: Secret | None = Field(None, description="Password of the files, for those that have one")


class Nothing(typed.Params):
    """No params."""


class File(typed.Params):
    """The file: its path, or its content."""

    path: Annotated[Name | None, typed.BlankIsNone] = Field(None, description="PDF to read", json_schema_extra=_FILE)
    content: Any = Field(
        None, description="The file itself in place of a path: bytes, or base64", json_schema_extra=_JSON
    )
    max_bytes: int = Field(MAX_BYTES, ge=1, description=MOST)


class ReadText(File):
    """Which pages, and how they are read."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["path", "pages", "mode"]})

    pages: Pages = Field(None, description=PAGES)
    mode: Literal["plain", "layout"] = Field(
        "plain",
        description="plain: as it reads; layout: with spaces, so that columns stand where they stand on the page",
    )


class TakePages(File):
    """Which pages, and where they go."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["path", "pages", "target"]})

    pages: Pages = Field(None, description=PAGES + ", in this order")
    target: Name = Field(description="PDF to write, as out/pages.pdf", json_schema_extra=_FILE)


class Merge(typed.Params):
    """What is put together, and where it goes."""

    files: list[str | bytes] = Field(
        min_length=1, description="PDFs, in this order: paths, or contents (bytes)", json_schema_extra=_JSON
    )
    target: Name = Field(description="PDF to write, as out/all.pdf", json_schema_extra=_FILE)
    max_bytes: int = Field(MAX_BYTES, ge=1, description=MOST + ", each")
