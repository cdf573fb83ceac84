"""Who did what to whom: an append-only journal."""
