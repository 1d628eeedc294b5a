"""What both trainings share: the budget, the learning rate, averaged weights, and checkpoints that resume."""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn


@dataclass
class Budget:
    """How long to train: a number of steps, or minutes, counted over all resumes. `done` runs from 0 to 1."""

    steps: int | None
    minutes: float | None
    step: int = 0
    spent: float = 0.0
    _started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return self.spent + time.monotonic() - self._started

    @property
    def done(self) -> float:
        if self.steps is not None:
            return self.step / self.steps
        return self.seconds / (60 * (self.minutes or 1))

    def ticks(self) -> Iterator[int]:
        """Counts steps until the budget is used up."""
        while self.done < 1:
            yield self.step
            self.step += 1


def learning_rate(peak: float, budget: Budget, warmup: int = 200) -> float:
    """Linear warm-up, then half a cosine down to 2 % of the peak (Loshchilov & Hutter 2016)."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, budget.done)))
    return peak * min(1.0, (budget.step + 1) / warmup) * (0.02 + 0.98 * cosine)


class Average:
    """Exponential moving average of all weights of a module (Polyak & Juditsky 1992), starting fast."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {name: value.detach().clone() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int, every: int = 4) -> None:
        """Called each step; averages on every fourth, which costs a quarter and changes little."""
        if step % every:
            return
        decay = min(self.decay, (step + 1) / (step + 10)) ** every
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - decay)
            else:
                self.values[name].copy_(value)


def save(path: Path, content: dict[str, object]) -> None:
    """Writes beside and renames, so that a stop in the middle costs nothing."""
    partial = path.with_suffix(".partial")
    torch.save(content, partial)
    os.replace(partial, path)


def load_matching(module: nn.Module, weights: dict[str, Tensor]) -> list[str]:
    """Loads what fits; returns the names that were left as they start (blocks that were added start as the identity)."""
    own = module.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    module.load_state_dict(fitting, strict=False)
    return sorted(own.keys() - fitting.keys())


def go_on(path: Path, module: nn.Module, optimiser: torch.optim.Optimizer, budget: Budget) -> dict | None:
    """Takes up a checkpoint where there is one, and returns it."""
    if not path.exists():
        return None
    kept = torch.load(path, map_location=next(module.parameters()).device)
    try:
        module.load_state_dict(kept["current"])
    except RuntimeError as problem:
        raise SystemExit(f"{path} was trained with another --config. Give that one, or move the file away.") from problem
    optimiser.load_state_dict(kept["optimiser"])
    budget.step, budget.spent = kept["step"], kept["seconds"]
    torch.manual_seed(budget.step)
    print(f"goes on from step {budget.step} of {path}")
    return kept


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of every training command."""
    parser.add_argument("folder", type=Path, help="where render.mjs wrote and checkpoints go")
    parser.add_argument("--config", type=Path, help="sizes and rates as JSON (emoji/config.py); what it leaves out is as shipped")
    parser.add_argument("--steps", type=int, help="train for so many steps")
    parser.add_argument("--minutes", type=float, help="train for so long, counted over all resumes")
    parser.add_argument("--start", type=Path, help="weights to start from: a checkpoint, or a model folder of ONNX files")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--save-every", type=int, default=500, help="steps between checkpoints")


def prepare(arguments: argparse.Namespace) -> torch.device:
    """Threads, seed, and the kind of attention that is quick."""
    if (arguments.steps is None) == (arguments.minutes is None):
        raise SystemExit("Say either --steps or --minutes.")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    if arguments.device == "cpu":
        # The fused kernel's backward pass is the slower one on a CPU for heads this small: plain products make a step take 0.77 of its time.
        torch.backends.cuda.enable_flash_sdp(False)
    return torch.device(arguments.device)


class Log:
    """Losses on the standard output: running means, a line every so many steps."""

    def __init__(self, budget: Budget, every: int = 100) -> None:
        self.budget = budget
        self.every = every
        self.means: dict[str, float] = {}

    def add(self, values: dict[str, float], batch: int) -> None:
        for name, value in values.items():
            self.means[name] = value if name not in self.means else 0.98 * self.means[name] + 0.02 * value
        if self.budget.step % self.every == 0:
            figures = "  ".join(f"{name} {value:.5f}" for name, value in self.means.items())
            seen = (self.budget.step + 1) * batch
            print(f"step {self.budget.step}  {self.budget.seconds:.0f} s  {seen} pictures  {figures}", flush=True)
