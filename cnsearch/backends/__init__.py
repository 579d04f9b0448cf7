"""What answers an ``Index``: the contract (``base``), those who keep it (``local``, and ``opensearch`` to come), and
which of them a path means (``choice``)."""
