"""Forms in which a workflow is written down: each reads into, or writes out of, a Workflow."""
