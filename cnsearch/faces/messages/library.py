"""What the library says of a query and of the arguments of a request, as messages; what else it says is in ``reasons``.
A test compares them with the library's code.

Longer ones first where a shorter one would match them too.
"""

from __future__ import annotations

from typing import Final

from cnsearch.faces.messages import reasons

WORDS: Final = ("source", "category", "author", "tag", "date", "draft", "label", *reasons.WORDS)
"""Values in notes that are names of ours: each is a message too."""

LIBRARY: Final = (
    # notes on a query
    "the query is longer than {limit} characters; the rest is left out",
    "the query is longer than {limit} character; the rest is left out",
    "there is nothing to search for in the query",
    "an article has this text as typed: its signs are no operators",
    "more than {limit} clauses; those after are taken as words",
    "more than {limit} clause; those after are taken as words",
    "parentheses more than {limit} deep are passed over",
    'there is no field "{field}": taken as words',
    "more than {limit} patterns; those after are taken as words",
    "more than {limit} pattern; those after are taken as words",
    "{text} is taken as words",
    "words that match {text} beyond the first {limit} are left out",
    "the query is long: its rarest words count",
    # notes on filters
    'no article has a field "{field}"',
    'no article has the id "{id}". Hits say their ids',
    'no article has the id "{id}"',
    'no article has the {field} "{value}"; did you mean "{other}"?',
    'no article has the {field} "{value}" (known values: stats)',
    'no article has the {field} "{value}"',
    "no article has all of {words}",
    "no article has {words}",
    *reasons.REASONS,
    # arguments of a request
    'there is no date "{date}". Accepted: a year 2021, a month 2021-10, a day 2021-10-27, a time 2021-10-27T20:11, '
    "or a range 2021-10..2021-12",
    'there is no date "{date}"',
    "prefix must have at most {most} characters, not {number}",
    "the query has taken longer than it may",
    "the name {name} in it is the name of another field",
    "the name {name} in it must be letters and digits",
    "{name} must be a whole number, not {value}",
    "{name} must be a number, not {value}",
    "{name} must be true or false, not {value}",
    "{name} must be of the form NAME=VALUE, not {value}",
    "{name} must be given once, not {count} times",
    "{name} must not be negative: {value}",
    "{name} must be at least {least}: {value}",
    "facets must be of {names}, not {value}",
    "page must be a number from {first} to {last}, not {value}",
    "{key} must be a number from {least} to {most}",
    "{what} must be at most {most}, not {number}",
    "{name} must be {choices}, not {value}",
    "there is no argument {name} here; known: {names}",
    "there is no argument {name} here",
    "there is no argument {name}; did you mean {other}?",
    "there is no argument {name}; known: {names}",
    "{name} must have a value",
    "q is short for query; give one of them",
    "there is no time zone {name}; give a name such as Asia/Shanghai, or a tzinfo",
)
