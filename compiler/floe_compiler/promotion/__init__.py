"""Promotion: the images that one environment has tested become those of another one."""
