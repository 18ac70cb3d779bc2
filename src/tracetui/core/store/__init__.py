"""The one holder of what has been read, in columns."""
