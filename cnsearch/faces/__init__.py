"""How cnsearch is asked and shown: the command line, and results as text, JSON, CSV and HTML."""
