"""The file of a segment as sections of bytes, and the forms that several structures share."""
