"""What the user typed: text to a tree of clauses (``syntax``), and the tree to what is executed (``plan``)."""
