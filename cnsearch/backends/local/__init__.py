"""The index in a folder of this machine. ``backend`` says what it can; ``pipeline`` is a search, from top to bottom."""
