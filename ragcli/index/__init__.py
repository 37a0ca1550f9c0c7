"""Documents in, passages out.

    documents     what a file says: formats, loaders, chunks
    generations   immutable states of an index, and which one is live
    segments      passages and vectors of some documents
    fulltext      which passages hold a word
    ingest        from documents to a new generation
    search        from a question to passages
    standalone    indexes that belong to no profile

`fulltext` builds on `segments`, and this on `generations`; `ingest` and `search` import
these and `documents`, but not each other; nothing here imports `standalone`. The
modules beside them are what several of them share, and `library`, which puts them
together: start there (what may be done with a profile's documents), and at `protocols`.
"""
