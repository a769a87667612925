"""The forms of an explanation: text, a page, LaTeX, a drawing, JSON. They compute nothing."""
