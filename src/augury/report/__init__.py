"""The report of a run: one self-contained page, its figures as JSON, and the dataset's card."""
