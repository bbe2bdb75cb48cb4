"""The tools of an MCP server as an integration folder with one typed task a tool.

The server is asked once, when the folder is made or renewed. Generated files stand in ``tools/``; everything beside
that folder is people's own, and is never touched again.
"""

from flowbook.authoring.mcp.folder import RECORD, update_from_server, write_from_server

__all__ = ["RECORD", "update_from_server", "write_from_server"]
