"""Makes a new generation: plan, read in processes, embed, stage, publish.

It writes through `generations`, `segments` and `fulltext` and takes documents from
`documents`; searching never comes here. Start reading at `plan` and `ingest`; a
later sync begins at `unchanged`.
"""
