"""What runs beside the screen: answers, reading documents, others' turns.

Threads tell the screen by `messages` and touch no widget. Start reading at `threads`
and `answer_worker`.
"""
