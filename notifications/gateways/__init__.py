"""The ways out: one file each, chosen by a dotted path in the settings."""
