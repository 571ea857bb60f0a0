"""The network of `retrieve`, and how it learns: all that needs PyTorch."""
