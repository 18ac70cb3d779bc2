"""The library: formats, sources, store and queries. It knows no screen and no command line.

Bytes become operations (formats), the store folds operations into runs and spans, everything else looks at the store.
Nothing in here imports Textual or Rich: a program that records, or a command that answers, does not pay for a screen.
"""
