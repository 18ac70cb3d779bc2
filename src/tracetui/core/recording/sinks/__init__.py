"""Where records go: one file a sink, one contract (``records.Sink``), one test of it."""
