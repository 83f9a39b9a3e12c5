"""Runs a program in one of several pods only: in the one that holds a Lease of Kubernetes.

This package is the text of a ConfigMap. It runs in Dagster's image, with nothing but Python's own library: `python -m
elector`, from the folder that it is in. `__main__.py` says how.

The pod that holds the Lease renews it again and again. If it has not succeeded for the renew deadline, it ends the
program. Other pods take the Lease when nobody has renewed it for its duration, which is longer. No pod ever compares
its own clock with that of another, or with a time in the Lease, so nobody needs the right time: clocks must only run
equally fast. Both count from the safe side: the holder from before it asked, the others from after they have seen it.

`fence.py` keeps the time: the program dies with it, whatever happens to the other processes.

- A pod that is told to stop ends the program and then gives the Lease back, so that another takes it at once.
- A pod whose program ends by itself, or fails its health check, does the same, and then fails, so that it is restarted.
- A pod that loses the Lease ends the program and waits for the Lease again.
- While there are pods that run the program without a Lease, nobody takes it.

The Lease is used as by client-go (tools/leaderelection), which does not end anything in time itself. The client of
Kubernetes in Dagster's image has no Lease (kubernetes 36), and its calls may last longer than any deadline.
"""
