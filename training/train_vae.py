"""Trains the autoencoder on both icon sets: python train_vae.py FOLDER --minutes 25 [--start CHECKPOINT] [--device cuda]"""

from __future__ import annotations

import argparse
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from emoji.config import Config, read_config
from emoji.data import Dataset, load
from emoji.loop import Average, Budget, Log, add_arguments, go_on, learning_rate, load_matching, prepare, save
from emoji.vae_model import Autoencoder
from emoji.weights import read_weights


def edges(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def reconstruction(made: Tensor, real: Tensor) -> dict[str, Tensor]:
    """Distances between pictures `[b, 3, h, w]`: of pixels, of edges (what makes them sharp) and of the coarse colours."""
    pairs = list(zip(edges(made), edges(real)))
    return {
        "l1": F.l1_loss(made, real),
        "mse": F.mse_loss(made, real),
        "edge": sum(F.l1_loss(a, b) for a, b in pairs),
        "coarse": F.l1_loss(F.avg_pool2d(made, 4), F.avg_pool2d(real, 4)),
    }


def loss_of(vae: Autoencoder, pixels: Tensor, config: Config) -> tuple[Tensor, dict[str, float]]:
    """Reconstruction and a light KL term; noise on the latents teaches the decoder to bear a sampler's small errors."""
    with torch.autocast(pixels.device.type, torch.bfloat16):
        mean, log_variance = vae.posterior(pixels)
        noise = (torch.exp(0.5 * log_variance) + config.latent_noise) * torch.randn_like(mean)
        made = vae.decoder(mean + noise).float()
    parts = reconstruction(made, pixels)
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
    loss = parts["l1"] + 4 * parts["mse"] + parts["edge"] + parts["coarse"] + 2e-4 * kl
    return loss, {"l1": parts["l1"].item(), "psnr": -10 * math.log10(parts["mse"].item() / 4), "kl": kl.item()}


def batches(data: Dataset, size: int, device: torch.device):
    """Endless shuffled batches `[size, 3, 128, 128]` in −1…1, half of them mirrored."""
    pixels = torch.from_numpy(data.pixels[data.trained()]).permute(0, 3, 1, 2).contiguous()
    while True:
        order = torch.randperm(len(pixels))
        for start in range(0, len(pixels) - size + 1, size):
            batch = pixels[order[start : start + size]].to(device).float() / 127.5 - 1
            yield batch.flip(-1) if torch.rand(()) < 0.5 else batch


@torch.no_grad()
def normalise(vae: Autoencoder, data: Dataset, device: torch.device) -> None:
    """Sets shift and scale from the trained pictures, so that latents have zero mean by channel and unit variance."""
    pixels = torch.from_numpy(data.pixels[data.trained()]).permute(0, 3, 1, 2)
    means = torch.cat([vae.posterior(part.to(device).float() / 127.5 - 1)[0] for part in pixels.split(64)])
    vae.shift.copy_(means.mean((0, 2, 3)))
    vae.scale.copy_((means - vae.shift.view(1, -1, 1, 1)).std())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args()
    device = prepare(arguments)
    config = read_config(arguments.config)
    data = load(arguments.folder)
    vae = config.autoencoder().to(device)
    vae.encoder.requires_grad_(config.encoder_rate > 0)
    groups = [
        {"params": list(vae.encoder.parameters()), "peak": config.encoder_rate},
        {"params": list(vae.decoder.parameters()), "peak": config.vae_rate},
    ]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=1e-3)
    budget = Budget(arguments.steps, arguments.minutes)
    checkpoint = arguments.folder / "vae.pt"
    kept = go_on(checkpoint, vae, optimiser, budget)
    if kept is None and arguments.start is not None:
        added = load_matching(vae, read_weights(arguments.start, "autoencoder"))
        print(f"starts from {arguments.start}; {len(added)} new tensors")
    average = Average(vae, 0.999)
    if kept is not None:
        average.values = kept["autoencoder"]

    def keep() -> None:
        state = {"autoencoder": average.values, "current": vae.state_dict(), "optimiser": optimiser.state_dict()}
        save(checkpoint, {**state, "step": budget.step, "seconds": budget.seconds})

    log = Log(budget)
    source = batches(data, config.vae_batch, device)
    for step in budget.ticks():
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(group["peak"], budget)
        loss, figures = loss_of(vae, next(source), config)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimiser.step()
        average.update(vae, step)
        log.add(figures, config.vae_batch)
        if step % arguments.save_every == arguments.save_every - 1:
            keep()
    vae.load_state_dict(average.values)
    if config.encoder_rate > 0:
        normalise(vae, data, device)
    average.values = {name: value.clone() for name, value in vae.state_dict().items()}
    keep()
    print("end")


if __name__ == "__main__":
    main()
