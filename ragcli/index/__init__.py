"""Documents in, passages out: loaders, pieces, text and vector index, generations.

`documents` → `ingest` → `generations`, `segments`, `fulltext` → `search`; each imports
what it builds on and no sibling imports it back. Start reading at `library` (what may
be done with a profile's documents) and `protocols`.
"""
