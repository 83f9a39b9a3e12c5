"""Rules about pods and what runs them: images, probes, ports, resources, security, volumes, Jobs."""
