"""Files, their text, and the way from one to the other."""
