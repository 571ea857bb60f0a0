"""Post-processing of what a search finds: pure functions, and the chain of them."""
