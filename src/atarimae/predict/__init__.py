"""Torch-free prediction: sources, preprocessing, ONNX Runtime, the outputs' cache, search."""
