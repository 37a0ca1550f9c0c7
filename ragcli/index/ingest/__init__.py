"""Makes a new generation: plan, read in processes, embed, stage, publish.

`planning` says what to do, `web` asks for pages, `preparation` reads, `staging` and
`revision` write through `generations`, `segments` and `fulltext`. It imports nothing of
`search`. Start at `indexing`; a sync begins at `planning.unchanged`, and `watching`
tells when one is due.
"""
