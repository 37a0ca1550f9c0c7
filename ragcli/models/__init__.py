"""Chat models and embedders; errors of their libraries end here.

`builtin` needs no server, `ollama` speaks to one, `endpoints` to any that speaks
OpenAI's protocol, and `langchain` reaches every other provider. They share `transport`
(requests), `replies`, `prompt_messages` and `foreign_json` (answers of which nothing
can be taken for granted); `remote` joins these for every server.
Start reading at `base` (what the engine asks of a model) and `select` (from a setting
to an object).
"""
