"""Articles on an engine: fields and documents, segments, snapshots, transactions; and whether all is whole."""
