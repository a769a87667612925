"""Pictures and pages: curves, drawings, the page of a run."""
