"""The chat: a Textual application over one open profile, and a plain one without."""
