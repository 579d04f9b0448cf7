"""Full-text search for Chinese articles."""

__version__ = "0.1.0"
