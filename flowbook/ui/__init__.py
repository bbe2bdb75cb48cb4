"""What people see of Flowbook inside a notebook.

The rest of the package imports nothing of it but by ``frontend.py``, so that a run from a script never loads a widget
library.
"""
