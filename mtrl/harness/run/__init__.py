"""Running: cells (what is computed), engine (who computes it), store (files), produce (configuration to files), sweep, devices, origin."""
