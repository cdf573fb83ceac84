"""The pages of virtual classes."""
