"""What every front end shows of the core's results: JSON, events, lines of text.

The command line, the chat, LangChain's adapters and a server for agents say the same
of an answer, a hit or an error, because it is made here once. It may import whatever
the chat may, draws nothing and writes nowhere. Start with `answers`, for a whole
answer, and `envelope`, for what is around every document.
"""
