"""The parts of :mod:`flowbook.testing`: a service to test against, running one task, the contract of a folder."""
