"""Calls the loader of a file's format, in this process or an isolated one.

`load` tells the format, `parse` calls its loader, `isolation` runs `isolated_worker`
for parsers that a document could kill, within the `bounds` of time and memory.
`inner_documents` reads what is inside another document. It names no loader:
`index.documents.formats` does. Start at `load`.
"""
