"""One question to one recorded, cited answer."""
