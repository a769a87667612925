"""pytest reads the pages of this folder, not the configuration of the site."""

from chainrule.engines import native

collect_ignore_glob = ["conf.py", "_ext/*", "gallery/*"]
if native.MISSING is not None:  # an example shows this engine's numbers
    collect_ignore_glob.append("explain.md")
