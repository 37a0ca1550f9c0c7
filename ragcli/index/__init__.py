"""Documents in, passages out: loaders, chunks, text and vector index, snapshots."""
