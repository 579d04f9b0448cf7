"""A plan to ranked hits (``execute``, ``scoring``) and their excerpts (``snippet``)."""
