"""Segments: passages and vectors of some documents in files that never change.

`catalogue` says which document is in which; `merging` puts small ones together. It
may import `generations`, for the files that it reads and the manifest that counts
them, and FAISS inside functions. Start at `segment` and `segment_writer`.
"""
