"""Signals: time series and logs, as they are kept."""
