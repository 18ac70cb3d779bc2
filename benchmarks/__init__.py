"""Measurements of tracetui against yardsticks of the same run: ``python -m benchmarks [NAME…]``."""
