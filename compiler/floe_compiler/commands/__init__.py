"""The verbs of the command line, one module for each.

A verb's module has `configure(parser)`, which adds its options, and `run(options)`, which does the work and returns an
exit code. `verbs.GROUPS` lists the verbs. Imports that not every run needs are inside functions, so that a run without
anything to do stays fast.
"""
