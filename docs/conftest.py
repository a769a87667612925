"""pytest reads the pages of this folder, not the configuration of the site."""

collect_ignore_glob = ["conf.py", "_ext/*", "gallery/*"]
