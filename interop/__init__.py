"""What goes out of Flowbook and comes in, in large numbers: ``make interop``, one module a subject.

The tests hold the same on a few examples; here the counts are large enough to be quoted.
"""
