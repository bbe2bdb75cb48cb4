"""What every room of the studio is built from: forms, tables, messages, and the look."""
