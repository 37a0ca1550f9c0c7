"""Parts of the chat that bring a question to its recorded answer.

`answering` is the queue and the answer that streams, `completing` what the prompt
offers, `question_recall` what was asked before, `external_editor` another way to
write, `drafts` what is kept on leaving, `unrecorded_answers` what to do when a store
cannot take an answer. They talk to each other by messages. Start at `answering`.
"""
