"""Replies of models, in one form for every provider.

Why an answer ended (`finish_reasons`), what of it is reasoning (`reasoning`), short
completions read to their end, and `vectors` of one length. It imports `models.base`
and `models.foreign_json` alone of `models`. Start at `finish_reasons`.
"""
