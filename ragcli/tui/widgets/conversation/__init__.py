"""The middle of the screen: questions, their answers, and what an empty chat says.

A transcript holds turns, a turn holds the question and its answer. It may import
`rendering`, `keyboard` and `turns`, and no other widgets. Start reading at
`transcript`.
"""
