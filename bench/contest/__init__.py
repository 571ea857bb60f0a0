"""`python -m bench contest`: our recipes beside open-metric-learning's and PML's, equal minutes.

On the demo's drawings: the same backbone and weights, image size, training images, and seconds of
the processor for each row; chosen on val, by one convention. See docs/benchmarks.md.
"""
