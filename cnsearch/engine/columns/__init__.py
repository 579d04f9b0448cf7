"""Columns: one value per document and field, for sorting, filtering and counting. Each kind is a class that is made of
values, of a section of the file or of parts of other segments, and that writes itself."""
