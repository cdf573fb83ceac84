"""Guardians: their first sign-in, the children they answer for, and what the school's record gives them."""
