"""LLM-Research-Lab, modelled: what causes what, from a request's arrival to a metric, a log line
and a pod's readiness.

The twin owns causes. It never writes the status of a Kubernetes object (controllers and kubelet
do that, asking :class:`~labkit.twin.runtime.Processes`), and never writes a signal that does not
follow from a counted request or a present state.
"""
