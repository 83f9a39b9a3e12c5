"""The rules: each module has its `Rule` constants and one pure `check(index)`, found by a scan."""
