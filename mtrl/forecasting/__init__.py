"""Forecasting of multichannel series: channels are tasks, windows are samples, and the last linear layer carries the multitask penalty."""
