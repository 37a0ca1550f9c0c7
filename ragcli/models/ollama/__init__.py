"""Models of an Ollama server: finding it, what it has, answers and vectors.

It builds on `models.remote`, and takes from `endpoints` where a key is. Start reading
at `ollama_models`; `api` needs no client library, and `limited_stream` bounds what the
client library reads.
"""
