"""Integration types, integrations, and the key that opens them."""
