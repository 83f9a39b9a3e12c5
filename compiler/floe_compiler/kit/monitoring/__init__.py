"""What every collector of metrics needs: targets, alerts, and metrics of the cluster's objects."""
