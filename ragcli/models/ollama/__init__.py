"""Models of an Ollama server: finding it, what it has, answers and vectors.

It builds on `langchain` for messages and lean imports. Start reading at `models`;
`api` needs no client library.
"""
