"""The command line: a module for each group of commands, which parse, call ``Index`` and print.

Results go to stdout; messages and progress go to stderr. The only room that knows click.
"""
