"""Bridges: what a program tells other libraries already, recorded too.

``logging.py`` takes records of module ``logging``, ``opentelemetry.py`` spans of the OpenTelemetry SDK. Both write through a
tracer: the same gate, sinks, numbers and rules for forks.
"""
