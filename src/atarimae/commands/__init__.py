"""The commands, a file for each part of the path; `cli` gathers them."""
