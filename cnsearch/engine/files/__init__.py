"""The folder of an index, its files, and the lock of its one writer."""
