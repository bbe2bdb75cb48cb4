"""What makes the reference pages out of the code."""
