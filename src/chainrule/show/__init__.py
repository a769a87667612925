"""What a person looks at: curves, drawings, the page of a run."""
