"""What becomes of one question: its state on the way, and the answer it ends with.

`state` is what is known so far; `outcome` tells whether an answer holds, `repetition`
stops one that does not end, `whole_documents` answers counts, lists and summaries
without a search. It may import `chat.citing`, `chat.prompting` and what is below
`chat`. Start at `state`.
"""
