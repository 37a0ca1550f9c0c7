"""Model servers that the user names: anything that speaks OpenAI's protocol.

LM Studio, llama.cpp, vLLM, LiteLLM, Ollama's `/v1`, a provider behind a gateway. They
are spoken to over plain `http.client`: no package of a provider is needed, nothing
heavy is imported, and what such packages leave out (progress of reading, reasoning,
the window) is there. Start reading at `chat_model`; `endpoint_server` is one server
over HTTP, `listing` what it has, `api_keys` where its key is.
"""
