"""``python -m cnsearch``: the same as the program ``cnsearch``."""

from cnsearch.cli import main

if __name__ == "__main__":
    main()
