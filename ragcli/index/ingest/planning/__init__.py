"""What an ingest has to do: which files are new, changed, the same or gone.

`ingest_plan` compares files with the index, `unchanged` finds in one pass that there is
nothing to do, `roots` are the directories that are looked through. It may import
`index.documents` and `index.generations`. Start at `ingest_plan`.
"""
