"""Models of any provider, through LangChain, and what keeps its import small.

Each heavy module is imported inside a function. Start reading at `providers`;
`rendering` turns a prompt into messages, `lean_imports` and `tracing` leave out what is
never used, `offline` keeps the libraries from fetching anything.
"""
