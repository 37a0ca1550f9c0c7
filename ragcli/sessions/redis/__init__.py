"""Sessions in Redis: the same store, from many machines at once."""
