"""Reads documents: one loader a format, each from a file's content to its elements.

`dispatch` tells the format and calls its loader; `markup`, `structured`, `office` and
`pdf` are families of formats, and `layout` is what several of them share. A loader
imports from `ragcli.index.documents` and its own library, which it imports when it is
called. Start at `dispatch.load`.
"""
