"""Reads documents: one loader a format, each from a file's content to its elements.

Start at `load`, which tells the format and calls its loader; what parsers of others
read goes through the process of `isolation` and `worker`. A loader imports from
`ragcli.index.documents` and its own library, which it imports when it is called.
"""
