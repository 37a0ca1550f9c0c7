"""Requests to model servers, whatever library sends them.

Requests without a library (`plain_http`), how long and large an answer may be
(`limits`), connections that another thread can end, waiting and retrying, batches of
texts, and what a refusal or an error of a library means to us. It imports `models.base`
and `models.foreign_json` alone of `models`. Start at `error_translation`, and at
`connections` for cancelling.
"""
