"""Composes everything below into one world that steps, and says what may be done to it."""
