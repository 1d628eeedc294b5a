"""Trains the text encoder and the U-Net on the latents of a trained autoencoder: python train_ldm.py FOLDER --minutes 60 [--start CHECKPOINT]"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from emoji.captions import Captions, names, synonyms
from emoji.config import Config, read_config
from emoji.data import Dataset, Picture, load
from emoji.diffusion import alphas_bar, losses, min_snr_weights
from emoji.loop import Average, Budget, Log, add_arguments, go_on, learning_rate, load_matching, prepare, save
from emoji.tokenizer import Tokenizer
from emoji.weights import read_weights


@torch.no_grad()
def latents_of(data: Dataset, indices: list[int], config: Config, weights: dict[str, Tensor]) -> Tensor:
    """Normalised mean latents `[n, 4, 16, 16]`."""
    vae = config.autoencoder()
    load_matching(vae, {name: value for name, value in weights.items() if not name.startswith("decoder.")})
    pixels = torch.from_numpy(data.pixels[indices]).permute(0, 3, 1, 2)
    return torch.cat([vae.normalised(vae.posterior(part.float() / 127.5 - 1)[0]) for part in pixels.split(64)])


def tokenizer_for(folder: Path, start: Path | None, pictures: list[Picture], config: Config) -> Tokenizer:
    """The one that was used before, that of the model started from, or a new one learnt from all words of the trained pictures."""
    for known in (folder / "tokenizer", *([start / "tokenizer"] if start is not None else [])):
        if known.is_dir():
            return Tokenizer.read(known)
    words = [text for picture in pictures for text in (*names(picture), *synonyms(picture), picture.style)]
    return Tokenizer.learn(words, config.merges, config.tokens)


class Network(nn.Module):
    """Both trained parts, so that one optimiser and one average hold them."""

    def __init__(self, config: Config, vocabulary: int) -> None:
        super().__init__()
        self.text_encoder = config.text_encoder(vocabulary)
        self.unet = config.unet()

    def start_from(self, source: Path) -> int:
        """Loads what fits; returns how many tensors are new."""
        return sum(len(load_matching(part, read_weights(source, name))) for name, part in self.named_children())

    def split(self, values: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
        """Values of both parts under the names of each."""
        return {
            part: {name.removeprefix(f"{part}."): value for name, value in values.items() if name.startswith(f"{part}.")}
            for part in ("text_encoder", "unet")
        }


class Batches:
    """Latents with freshly drawn captions; a share has none, for classifier-free guidance (Ho & Salimans 2022)."""

    def __init__(self, latents: Tensor, pictures: list[Picture], tokenizer: Tokenizer, config: Config, seed: int) -> None:
        self.latents, self.pictures, self.tokenizer, self.config = latents, pictures, tokenizer, config
        self.captions = Captions(pictures, seed)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        empty = self.tokenizer("")
        noto = round(self.config.noto_share * self.config.batch)
        sources = [self._rows("noto", noto), self._rows("flat", self.config.batch - noto)]
        while True:
            rows = torch.cat([next(source) for source in sources])
            ids = [
                empty if dropped else self.tokenizer(self.captions.draw(self.pictures[row]))
                for row, dropped in zip(rows.tolist(), (torch.rand(len(rows)) < self.config.drop_text).tolist())
            ]
            yield self.latents[rows], torch.tensor(ids)

    def _rows(self, style: str, count: int) -> Iterator[Tensor]:
        """`count` rows of one style at a time, all once before any again."""
        own = torch.tensor([row for row, picture in enumerate(self.pictures) if picture.style == style])
        waiting = own[:0]
        while True:
            while len(waiting) < count:
                waiting = torch.cat([waiting, own[torch.randperm(len(own))]])
            yield waiting[:count]
            waiting = waiting[count:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args()
    device = prepare(arguments)
    config = read_config(arguments.config)
    data = load(arguments.folder)
    indices = data.trained()
    pictures = [data.pictures[i] for i in indices]
    tokenizer = tokenizer_for(arguments.folder, arguments.start, pictures, config)
    tokenizer.write(arguments.folder / "tokenizer")
    latents = latents_of(data, indices, config, read_weights(arguments.folder / "vae.pt", "autoencoder"))
    print(f"{len(latents)} pictures, latent mean {latents.mean():.3f}, deviation {latents.std():.3f}, {len(tokenizer.vocabulary)} tokens")

    network = Network(config, len(tokenizer.vocabulary)).to(device)
    optimiser = torch.optim.AdamW(network.parameters(), betas=(0.9, 0.98), weight_decay=1e-4)
    budget = Budget(arguments.steps, arguments.minutes)
    checkpoint = arguments.folder / "ldm.pt"
    kept = go_on(checkpoint, network, optimiser, budget)
    if kept is None and arguments.start is not None:
        print(f"starts from {arguments.start}; {network.start_from(arguments.start)} new tensors")
    average = Average(network, config.average)
    if kept is not None:
        average.values = kept["average"]

    def keep() -> None:
        parts = network.split(average.values)
        state = {"current": network.state_dict(), "average": average.values, "optimiser": optimiser.state_dict()}
        save(checkpoint, {**parts, **state, "step": budget.step, "seconds": budget.seconds})

    alphas = alphas_bar().to(device)
    weights = min_snr_weights(alphas, config.min_snr)
    source = iter(Batches(latents, pictures, tokenizer, config, budget.step))
    log = Log(budget)
    for step in budget.ticks():
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(config.rate, budget)
        latent, ids = (part.to(device) for part in next(source))
        with torch.autocast(device.type, torch.bfloat16):
            each, timestep = losses(network.unet, latent, network.text_encoder(ids), alphas)
        loss = (each * weights[timestep]).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update(network, step)
        log.add({"mse": each.mean().item(), "weighted": loss.item()}, config.batch)
        if step % arguments.save_every == arguments.save_every - 1:
            keep()
    keep()
    print("end")


if __name__ == "__main__":
    main()
