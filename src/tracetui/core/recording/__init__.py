"""Recording: what a program does to leave traces, and what becomes of them afterwards.

``tracer.py`` is what authors of agents use; ``recorder.py`` writes what its spans (``spans.py``) say, through the one gate
(``encoding.py``) and under one lock a run (``runs.py``), to ``sinks/``.
"""
