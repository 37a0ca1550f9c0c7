"""What an ingest has to do: which files are new, changed, the same or gone.

`ingest_plan` compares files with the index, `unchanged` finds in one pass that there is
nothing to do, `naming` says by which path a file is known, `roots` are the directories
that are looked through. It may import `index.documents`, `index.generations`, the
catalogue of `index.segments`, and of `ingest.web` what addresses are. Start at
`ingest_plan`.
"""
