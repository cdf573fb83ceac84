"""Requests of people to their school or the DANE."""
