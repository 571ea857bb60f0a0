"""Other people's trainers log to a run of ours: a file each, that imports its trainer."""
