"""Requests to model servers, whatever library sends them.

Connections that another thread can end, waiting and retrying, batches of texts, and
what a refusal or an error of a library means to us. It imports `models.base` alone of
`models`. Start at `error_translation`, and at `connections` for cancelling.
"""
