"""Chat models and embedders; errors of their libraries end here.

`builtin` needs no server, `ollama` speaks to one, `endpoints` to any that speaks
OpenAI's protocol, and `langchain` reaches every other provider. They share `transport`
(requests), `replies` and `prompt_messages`; `remote` joins these for every server.
Start reading at `base` (what the engine asks of a model) and `select` (from a setting
to an object).
"""
