"""Traces of LLM-Research-Lab: what each service did for a request that was counted.

A trace is of a request that was logged, so trace, log line and metrics tell of the same one. What
identifies it is kept when it is counted (:mod:`.tracer`); its spans are made from that when they are
asked for (:mod:`.traces`), always the same ones, so a day of traces costs a few megabytes.
"""
