"""Postings: from the tokens of a batch, by way of runs that are joined, to encoded lists and back."""
