"""Promotion: the images that one environment has tried become those of another one."""
