"""Rules about pods and workloads: images, probes, ports, resources, security, volumes, Jobs."""
