"""The nouns of mail restoring, as checked values; no input or output lives here."""
