"""One question to one recorded, cited answer.

`prompting` writes what a model reads, `citing` checks what it cites, `answers` tells
what an answer comes to; `engine` goes through them in order and tells a front end by
`events`. It may import `sessions`, `index` and `models`, and draws nothing. Start at
`engine`.
"""
