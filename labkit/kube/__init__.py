"""A small, honest Kubernetes: store, API semantics, RBAC and controllers.

No sockets and no HTTP framework here, and nothing of LLM-Research-Lab: objects are plain
dictionaries of JSON, requests and responses plain data, and time comes from the clock that is
handed in.
"""
