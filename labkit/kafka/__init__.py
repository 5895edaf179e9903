"""A small Kafka: brokers, topics and partitions as plain data, and what a broker says it speaks.

No sockets here, and nothing of LLM-Research-Lab: hosts, topics and settings come from the caller.
"""
