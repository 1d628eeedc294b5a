"""Reference values of samplers.json, with torch: the update rules of k-diffusion and DDPM written down once more, over a made-up denoiser.

Run: python3 samplers.py > samplers.json
"""
import json
import math

import torch

SEED, SIGMAS = 20, [14.614642, 7.25, 3.1, 1.4, 0.55, 0.029167, 0.0]
SHAPE = (1, 2, 3, 4)


def denoise(x, sigma):
    return torch.tanh(x / math.sqrt(1 + sigma * sigma)) * 0.9 + 0.05 * torch.cos(x)


def stream():
    generator = torch.Generator().manual_seed(SEED)
    return lambda: torch.randn(SHAPE, generator=generator, dtype=torch.float32).double()


def euler(x, _):
    for now, after in zip(SIGMAS, SIGMAS[1:]):
        x = x + (x - denoise(x, now)) / now * (after - now)
    return x


def heun(x, _):
    for now, after in zip(SIGMAS, SIGMAS[1:]):
        slope = (x - denoise(x, now)) / now
        guess = x + slope * (after - now)
        if after == 0:
            x = guess
        else:
            x = x + (slope + (guess - denoise(guess, after)) / after) / 2 * (after - now)
    return x


def euler_ancestral(x, noise):
    for now, after in zip(SIGMAS, SIGMAS[1:]):
        up = min(after, math.sqrt(after**2 * (now**2 - after**2) / now**2))
        down = math.sqrt(after**2 - up**2)
        x = x + (x - denoise(x, now)) / now * (down - now)
        if after > 0:
            x = x + noise() * up
    return x


def dpmpp_2m(x, _):
    old = None
    for i, (now, after) in enumerate(zip(SIGMAS, SIGMAS[1:])):
        guess = denoise(x, now)
        if after == 0:
            x = guess
        else:
            h = -math.log(after) + math.log(now)
            mixed = guess
            if old is not None:
                r = (-math.log(now) + math.log(SIGMAS[i - 1])) / h
                mixed = (1 + 1 / (2 * r)) * guess - 1 / (2 * r) * old
            x = after / now * x - math.expm1(-h) * mixed
        old = guess
    return x


def ddpm(x, noise):
    for now, after in zip(SIGMAS, SIGMAS[1:]):
        guess = denoise(x, now)
        bar, bar_next = 1 / (1 + now**2), 1 / (1 + after**2)
        alpha = bar / bar_next
        small = x * math.sqrt(bar)
        small = (small - (1 - alpha) / math.sqrt(1 - bar) * (x - guess) / now) / math.sqrt(alpha)
        if after > 0:
            small = small + math.sqrt((1 - alpha) * (1 - bar_next) / (1 - bar)) * noise()
        x = small * math.sqrt(1 + after**2)
    return x


def lcm(x, noise):
    for now, after in zip(SIGMAS, SIGMAS[1:]):
        x = denoise(x, now)
        if after > 0:
            x = x + after * noise()
    return x


start = torch.randn(SHAPE, generator=torch.Generator().manual_seed(4), dtype=torch.float32).double() * SIGMAS[0]
samplers = {"euler": euler, "ddim": euler, "heun": heun, "euler_ancestral": euler_ancestral, "dpmpp_2m": dpmpp_2m, "ddpm": ddpm, "lcm": lcm}
results = {name: [round(v, 7) for v in run(start.clone(), stream()).flatten().tolist()] for name, run in samplers.items()}


def normals(seed, *counts):
    generator = torch.manual_seed(seed)
    return [[float(f"{v:.7g}") for v in torch.randn(n, generator=generator).tolist()] for n in counts]


noise = [
    {"seed": str(seed), "draws": normals(seed, *counts)}
    for seed, counts in [(0, [5]), (42, [17]), (1, [31]), (9, [3, 4, 20, 2]), (2**64 - 1, [16]), (2**32 + 7, [16]), (7, [16, 16])]
]
print(json.dumps({"seed": str(SEED), "sigmas": SIGMAS, "shape": SHAPE, "results": results, "noise": noise}, indent=None))
