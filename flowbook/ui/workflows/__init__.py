"""Workflows: the list, the gallery, and files in and out."""
