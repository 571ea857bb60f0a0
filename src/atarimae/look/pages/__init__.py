"""One file per page; each has `router(site)`."""
