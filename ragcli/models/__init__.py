"""Chat models and embedders; foreign errors end here."""
