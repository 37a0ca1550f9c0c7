"""What is typed and piped in: options, arguments, completion, standard input.

It may import `output`, for errors and progress; `output` never imports it. Start
reading at `options`.
"""
