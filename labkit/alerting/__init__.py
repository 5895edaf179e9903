"""Alerting: Prometheus' rules evaluated in virtual time, and an Alertmanager. Knows nothing of LLM-Research-Lab."""
