"""Models that need no server: static word vectors, and answers by quotation.

It imports `ragcli.language` and no other model. Start reading at `extractive`
(answers) and `embedder` (vectors).
"""
