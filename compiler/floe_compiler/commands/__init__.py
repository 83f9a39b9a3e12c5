"""The verbs of the command line, one module for each.

A verb's module has `configure(parser)`, which adds its options, and `run(options)`, which does the work and returns an
exit code. `cli.VERBS` lists them. What a verb does not need on every run it imports inside its functions, so that the
commonest run, which finds nothing to do, stays short.
"""
