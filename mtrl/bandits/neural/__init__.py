"""Practical neural GFUCB: a Flax network shared by the tasks, refitted as the game goes on, with three optimistic bonuses.

`last_layer`, `gradient` and `optimistic_net` differ in their confidence set only and share `state` (buffer, refits)
and `network`.
"""
