"""The only evaluation loop, intervals and verdicts."""
