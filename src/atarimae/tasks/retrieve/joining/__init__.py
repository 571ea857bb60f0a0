"""One model of several: embeddings side by side, or lists that are fused."""
