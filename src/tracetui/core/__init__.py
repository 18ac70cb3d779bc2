"""The library: formats, sources, store, queries. It knows no screen and no command line, and never imports Textual or Rich.

Bytes become operations (formats), the store folds operations into runs and spans, and everything else looks at the store.
"""
