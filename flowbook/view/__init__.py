"""A run and a graph as people see them, without a widget."""
