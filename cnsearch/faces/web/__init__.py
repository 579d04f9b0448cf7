"""The page to search with, and the HTTP interface: an application of Starlette over one ``Index``, read only.

``app`` joins all: requests come in through ``guard`` (hosts, passwords, headers) and ``log``; ``asking`` makes a
``SearchRequest`` of an address; ``work`` runs what takes time, so many at once and no longer than told; ``pages`` and
``api`` answer. What is said on pages is in ``templates`` and in the catalogues of ``faces.messages``.
Only this room knows Starlette; ``cnsearch.web`` is what users import of it.
"""
