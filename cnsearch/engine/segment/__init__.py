"""Segments: batches of documents on their way in, the file that they become, and several that become one."""
