"""Makes recordings: copied from the APIs of Prometheus, Loki, Jaeger and Kubernetes, or imported from files."""
