"""Classical linear multitask learning: convex regularisers which exploit task relatedness without a hard rank.

Every method minimises `l(W) + penalty(W)` with `l(W) = sum_t (1/2n_t) ||X_t w_t - y_t||^2` over W (dim, task), column
per task, and takes the data as a `Loss`, a function of the moments alone. Zhang and Yang 2021, A Survey on Multi-Task
Learning, section 2. Tasks count equally here (a mean over the samples of each), as in that literature; the subspace
methods of the parent package count samples.
"""
