"""Models of any provider, through LangChain.

Each heavy module is imported inside a function. Start reading at `providers`;
`offline` keeps the libraries from fetching anything. What makes the import of LangChain
small is in `dependency_patches`.
"""
