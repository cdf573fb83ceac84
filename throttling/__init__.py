"""How often: counters that protect people and outlive a restart."""
