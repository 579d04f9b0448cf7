"""Stored values, given back with a hit."""
