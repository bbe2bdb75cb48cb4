"""What Flowbook must withstand, in full numbers: ``make torture``. The tests do the same with few.

Each module is a subject: ``run(scale, seed)`` yields lines of what was done, and raises AssertionError at the first
thing that did not hold. ``scale`` 1 is the whole of it.
"""
