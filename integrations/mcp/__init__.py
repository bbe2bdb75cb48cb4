"""MCP: the tools of any server that speaks the Model Context Protocol."""

from .tasks import call_tool, list_tools, test_connection

__all__ = ["call_tool", "list_tools", "test_connection"]
