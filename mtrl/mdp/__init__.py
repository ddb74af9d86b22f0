"""Multitask reinforcement learning in linear MDPs.

M episodic MDPs share an unknown feature map phi: `P_i(s'|s,a) = <phi(s,a), mu_i(s')>`, `r_i = <phi(s,a), nu_i>`. Every algorithm is an
`Algorithm(init, step)` in its own file, one step being one episode of all tasks; `problem` holds the worlds, `theory` the predictions.
"""
