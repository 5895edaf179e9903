"""Real engines under the sandbox: each a subprocess of ours that starts on first use and dies with us."""
