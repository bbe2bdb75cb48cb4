"""A workflow's graph as people see it: its elements, their places, badges and the drawing."""
