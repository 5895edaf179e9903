"""A recording behind the sandbox's faces: what was recorded answers, and time stands still."""
