"""Files of every kind, sound and broken, read as the lessons read them."""
