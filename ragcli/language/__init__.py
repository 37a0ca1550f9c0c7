"""Words, stop words and stems: what index and answers must see alike."""
