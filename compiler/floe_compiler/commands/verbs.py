"""The verbs of the command line, in the groups in which `--help`, the README and docs/commands.md list them."""

from __future__ import annotations

from collections.abc import Mapping

GROUPS: Mapping[str, Mapping[str, str]] = {
    "Start": {
        "init": "begin a mesh in a folder, and compile it",
        "new": "add a domain, a data product or an environment, or begin a component",
        "product": "begin a data product, and register it",
        "doctor": "check that everything a run needs is there, and works",
        "completion": "print a script by which a shell completes verbs, options and names",
    },
    "Compile and check": {
        "compile": "compile the inputs into output/ (also what floe-compile alone does)",
        "check": "report whether output/ is what the inputs compile to; write nothing",
        "watch": "compile in memory whenever an input is saved, and show what that changes",
        "hook": "compile for pre-commit, and fail unless inputs and output are staged together",
        "merge-driver": "merge output/ for Git, by compiling the merged inputs",
    },
    "Review a change": {
        "diff": "show which objects would change, and what is risky about it",
        "report": "write one HTML page about a change, and about all that the platform is made of",
        "comment": "write what changes as one comment on a pull request, and edit it later",
        "codeowners": "write who must approve which file, from the owners of documents",
    },
    "Understand the mesh": {
        "explain": "show which file and line each value of an output file comes from",
        "blame": "show each line of an output file with the input that it follows from",
        "graph": "draw who calls whom, who reads whose tables, or what starts after what",
        "secrets": "list the secrets that must be created, with their keys, places and readers",
        "parity": "show how two environments differ, and which lines say so",
        "rollout": "show which rings of domains have which changes of the platform, and which still lack them",
    },
    "Promote and publish": {
        "promote": "copy the images that one environment runs to another one",
        "publish": "push the output of an environment to an OCI registry, for Flux and Argo CD",
        "package": "pack the output of an environment as Helm charts, for those who must use helm install",
        "receipt": "name inputs, compiler and output by digests, for others to verify",
        "verify": "prove that inputs and output/ are those of a receipt, or that output/ is what the inputs compile to",
    },
    "Bring what you have": {
        "vendor": "copy a parent manifest or a Helm chart into vendor/, and lock it",
    },
    "Look things up": {
        "components": "list what a platform can be made of, and the settings of each part",
        "schema": "print or write the JSON Schemas of the inputs, for editors",
        "rules": "list and explain every error and warning",
        "explain-error": "explain one error or warning",
    },
}
"""What each verb does, by group."""

VERBS: Mapping[str, str] = {verb: does for group in GROUPS.values() for verb, does in group.items()}
"""What each verb does. Each is a module with that name beside this one, with an underscore in place of a hyphen."""


def listed(width: int) -> str:
    """Return the verbs by group, as lines of a width for `--help`."""
    from textwrap import wrap

    first = max(map(len, VERBS)) + 4
    lines = []
    for title, group in GROUPS.items():
        lines.append(f"{title}:")
        for verb, does in group.items():
            head, *rest = wrap(does, max(width - first, 20))
            lines += [f"  {verb:<{first - 2}}{head}", *(f"{'':{first}}{line}" for line in rest)]
        lines.append("")
    return "\n".join(lines)
