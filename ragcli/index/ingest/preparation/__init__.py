"""From a file to what is stored of it, in this process or in others.

`reading` loads, splits and stems one file; `reading_pool` and `reading_worker` do it
in parallel and apart; `embedding` asks for vectors, `transfer` carries the outcome
between processes. It may import `index.documents`, the words of `index.fulltext`, the
catalogue of `index.segments`, and the modules on top of `index`. Start at `reading`.
"""
