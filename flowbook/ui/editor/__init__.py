"""The graph editor of one workflow."""
