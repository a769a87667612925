"""The options of each command, with its help.

Help comes at once: nothing here takes long to load. Annotations are objects, as a command is made of them, and the
dataclasses have no methods but `__init__`.
"""
