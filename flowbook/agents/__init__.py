"""Flowbook for agents: its workflows as the tools of an MCP server, and tools to draft and mend workflows.

The protocol is small (JSON-RPC with a handful of methods) and written here, so that the server answers as soon as it is
started and needs nothing installed: https://modelcontextprotocol.io/specification/2025-06-18
"""
