"""What is requested in a cluster, and what it costs: read from rendered objects, so that patches count, too."""
