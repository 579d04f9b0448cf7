"""What lies on disk and in arrays: files of sections, term dictionaries, postings, stored values, columns, segments,
commits. One folder per structure, its writer beside its reader; FORMAT.md has the bytes.

It knows neither Whoosh nor Chinese nor articles.
"""
