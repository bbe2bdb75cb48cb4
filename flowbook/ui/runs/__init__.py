"""Runs: the history, and one run as it goes on."""
