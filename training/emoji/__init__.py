"""A small text-conditioned latent diffusion model of emoji, with every part of Stable Diffusion."""
