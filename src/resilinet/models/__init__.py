"""Networks of the paper, each as a flat list of blocks that a partition can cut anywhere."""
