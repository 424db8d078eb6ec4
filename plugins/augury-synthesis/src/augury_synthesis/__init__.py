"""Generative models on PyTorch, and models without a network behind the same interface."""
