"""What stands on pages. Facts: https://developers.notion.com/reference/block and /patch-block-children."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, http, task
from flowbook.counting import counted

from .client import Notion
from .markdown import blocks_of, markdown_of
from .models import AppendContent, Credentials, GetContent, OneBlock, UpdateBlock

MOST_AT_ONCE = 100
"""Blocks in one request."""
_ELSEWHERE = ("child_page", "child_database")


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_content(credentials: Credentials, params: GetContent) -> Result:
    """Read what stands on a page: as Markdown, or as a list of Notion's blocks with their children in them.

    https://developers.notion.com/reference/get-block-children
    """
    with Notion(credentials) as notion:
        blocks = _children(notion, params.page, params.deep)
    data = blocks if params.as_ == "blocks" else markdown_of(blocks)
    return Result.ok(f"{counted(len(blocks), 'block')}.", data)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"page": "59833787-2cf9-4fdf-8782-e53db20768a5", "blocks": ["c02fc1d3-db8b-45c5-a222-27595b15aea7"]},
)
def append_content(credentials: Credentials, params: AppendContent) -> Result:
    """Add content to a page, at its end or behind a block. Data: {"page", "blocks": IDs of those that were made}.

    More than 100 blocks take several requests: when one of them fails, its data says how many were made.
    """
    blocks = blocks_given(params.markdown, params.blocks)
    with Notion(credentials) as notion:
        ids = append(notion, params.page, blocks, params.after)
    return Result.ok(f"{counted(len(ids), 'block')} added.", {"page": params.page, "blocks": ids})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def update_block(credentials: Credentials, params: UpdateBlock) -> Result:
    """Replace the text of a block, tick a task, or give Notion's own object. Data: Notion's block.

    https://developers.notion.com/reference/update-a-block
    """
    with Notion(credentials) as notion:
        body = params.content
        if body is None:
            kind = str(notion.get(f"blocks/{params.block}").get("type"))
            new: dict[str, Any] = {"checked": params.checked} if params.checked is not None else {}
            if params.text is not None:
                paragraphs = blocks_of(params.text)
                new["rich_text"] = paragraphs[0][paragraphs[0]["type"]]["rich_text"] if paragraphs else []
            body = {kind: new}
        block = notion.patch(f"blocks/{params.block}", body)
    return Result.ok("Block changed.", block)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_block(credentials: Credentials, params: OneBlock) -> Result:
    """Put a block into the trash. https://developers.notion.com/reference/delete-a-block"""
    with Notion(credentials) as notion:
        notion.delete(f"blocks/{params.block}")
    return Result.ok("Block deleted.", {"block": params.block})


def blocks_given(markdown: str | None, blocks: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """The blocks that params give, as Markdown or themselves."""
    return blocks_of(markdown) if markdown is not None else list(blocks or [])


def append(notion: Notion, page: str, blocks: list[dict[str, Any]], after: str | None) -> list[str]:
    """Add blocks to a page, a hundred a request; the IDs of those that were made."""
    made: list[str] = []
    for at in range(0, len(blocks), MOST_AT_ONCE):
        body: dict[str, Any] = {"children": blocks[at : at + MOST_AT_ONCE]}
        behind = made[-1] if after and made else after
        try:
            answer = notion.patch(
                f"blocks/{page}/children", {**body, **({"after": behind} if behind else {})}, again=False
            )
        except http.ServiceError as error:
            error.data |= {"page": page, "blocks_made": len(made), "blocks_given": len(blocks)}
            if made:
                error.half_done(f"{len(made):,} of {counted(len(blocks), 'block')} were made before.")
            raise
        made += [str(one["id"]) for one in answer.get("results") or []][: len(body["children"])]
    return made


def _children(notion: Notion, block: str, deep: bool, level: int = 0) -> list[dict[str, Any]]:
    if level > 20:
        raise TaskFailed("Notion: the page's blocks are nested more than 20 deep.", hint="Turn off deep.")
    found, _ = notion.several(f"blocks/{block}/children", None, {})
    for one in found:
        if deep and one.get("has_children") and one.get("type") not in _ELSEWHERE:
            one["children"] = _children(notion, str(one["id"]), deep, level + 1)
    return found
