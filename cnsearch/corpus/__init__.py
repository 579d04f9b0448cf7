"""Posts on disk, and records of JSON Lines, to articles."""
