"""Chat models and embedders; foreign errors end here.

`builtin` needs no server, `ollama` speaks to one, `langchain` reaches every other
provider. Start reading at `base` (what the engine asks of a model) and `select` (from
a setting to an object); `reach` tells which machine an address means.
"""
