"""Faces: one a protocol. Each translates requests into actions for the gate, and outcomes back."""
