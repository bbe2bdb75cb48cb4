"""What Flowbook costs, beside the raw limit and peers in the same run: ``make bench``."""
