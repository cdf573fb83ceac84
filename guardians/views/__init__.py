"""The pages of guardians."""
