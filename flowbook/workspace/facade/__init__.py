"""What a workspace offers, a subject a module; :class:`~flowbook.workspace.Workspace` is all of them together."""
