"""What authors of integrations are given: a folder to begin with, and what they test with."""
