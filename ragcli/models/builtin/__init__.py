"""Models that need no server: static word vectors, and answers by quotation."""
