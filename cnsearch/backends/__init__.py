"""What keeps an index and answers from it."""
