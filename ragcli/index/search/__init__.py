"""From a question to ranked passages, over one open generation or several.

It reads what `generations`, `segments` and `fulltext` keep, writes nothing, and may
import these and the names of formats. Start at `retriever`; `opening` and
`index_reader` give it an index; its steps are `followup` (what is searched),
`combined_reader`, `fusion`, `ranking` and `relevance`.
"""
