"""What the paper's statements compare, measured seed by seed; each function takes the artefact it looks at.

A comparison takes our results or, in their place, the paper's own numbers, and returns the checks that decide a
statement. The modules follow the paper: its schemes, its weights, its rates, its skips.
"""
