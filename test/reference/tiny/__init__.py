"""Tiny networks with the real Stable Diffusion architectures, for tests."""
