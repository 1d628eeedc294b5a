"""torchsde's Brownian tree as ComfyUI asks it, and numpy's SeedSequence under it."""
import comfy.k_diffusion.sampling as k
import numpy as np
import torch
from rounded import rounded

QUERIES = [(14.614642, 7.25), (7.25, 3.1), (9.0, 3.1), (3.1, 0.5), (0.5, 0.029167), (14.614642, 0.029167), (2.0, 1.999), (1.0078125, 0.3)]


def make():
    trees = []
    for seed, shape in [(20, (1, 2, 3, 4)), (0, (2, 1, 2, 2)), (2**64 - 1, (1, 1, 4, 4)), (2**32 + 5, (1, 1, 4, 4))]:
        sampler = k.BrownianTreeNoiseSampler(torch.zeros(shape), torch.tensor(0.029167), torch.tensor(14.614642), seed=seed, cpu=True)
        draws = [{"from": a, "to": b, "noise": rounded(sampler(torch.tensor(a), torch.tensor(b)).flatten(), 6)} for a, b in QUERIES]
        trees.append({"seed": str(seed), "shape": shape, "sigmaMin": 0.029167, "sigmaMax": 14.614642, "draws": draws})
    sequences = []
    for entropy, key, pool in [(0, (), 4), (20, (0, 0), 24), (2**64 - 1, (5, 3), 24), (2**32 + 5, (1, 7), 24)]:
        state = np.random.SeedSequence(entropy=entropy, spawn_key=key, pool_size=pool).generate_state(4)
        sequences.append({"entropy": str(entropy), "spawnKey": key, "poolSize": pool, "state": [int(v) for v in state]})
    return {"trees": trees, "sequences": sequences}
