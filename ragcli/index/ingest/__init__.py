"""Makes a new generation: plan, read in processes, embed, stage, publish.

`planning` says what to do, `preparation` reads, `staging` and `revision` write through
`generations`, `segments` and `fulltext`; searching never comes here. Start reading at
`indexing`; a later sync begins at `planning.unchanged`.
"""
