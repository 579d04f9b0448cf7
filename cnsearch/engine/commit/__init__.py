"""Commits: the table of contents that makes segments an index, and the writer that makes the next one."""
