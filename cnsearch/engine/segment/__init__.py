"""Segments: batches of documents on their way in."""
