"""``make bench-scale ROWS=1000000``: the portal with that many people in it, beside one with ten thousand."""
