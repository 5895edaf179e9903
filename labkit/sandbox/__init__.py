"""The running server: faces that speak each protocol, engines behind them, and the drive of time."""
