"""Tools of MCP servers, for integrations: of those that a command starts, and of those at an address.

    from flowbook import mcp

    class Credentials(mcp.Credentials): ...

    answer = mcp.call(credentials, "search", {"query": "fjords"})   # a Result; TaskFailed when the tool says it failed
    names = [tool.name for tool in mcp.tools(credentials)]

A server is started once and kept for the calls after it; a run that ends lets go of those that it used, unless another
run still does. The library (``pip install 'jupyter-flowbook[mcp]'``) is loaded when a server is first called.
"""

from flowbook.mcp.credentials import Credentials
from flowbook.mcp.server import Server
from flowbook.mcp.sessions import SESSIONS, Sessions
from flowbook.mcp.tools import Tool, call, probe, tools

__all__ = ["SESSIONS", "Credentials", "Server", "Sessions", "Tool", "call", "probe", "tools"]
