"""How operations become rows of the store. Each class stands on the one before: runs, records, rows of spans, spans."""
