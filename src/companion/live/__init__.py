"""Live runs on this machine: the processes of the nodes, runs in which they fail, and recordings of such runs."""
