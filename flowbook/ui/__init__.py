"""What people see of Flowbook inside a notebook.

Nothing here is imported by the rest of the package, so that a run from a script never loads a widget library.
"""
