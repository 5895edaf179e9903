"""The commands that ``kubectl exec`` reaches: which there are in which image, and what they do."""
