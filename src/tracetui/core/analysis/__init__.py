"""Pure functions of what the store holds: failures, slow spans, open stack, critical path. Import the module you need."""
