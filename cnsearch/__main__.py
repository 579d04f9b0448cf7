"""``python -m cnsearch``: the same as the program ``cnsearch``."""

from cnsearch.faces.cli.program import main

if __name__ == "__main__":
    main()
