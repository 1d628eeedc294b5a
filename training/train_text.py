"""Teaches a trained text encoder more words for what it knows, without the U-Net (minutes on a CPU): python train_text.py FOLDER --start MODEL --steps 3000

The student reads a synonym, CLDR's keywords or a name with a style word, and learns the features that the teacher, the encoder
it started from, gives for the icon's name (distillation, Hinton et al. 2015). The U-Net stays as it is, so what it could draw it
still draws. A synonym of many pictures comes to mean the most typical one. Writes text.pt.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator

import torch

from emoji.captions import names, styled, synonyms, typical
from emoji.config import read_config
from emoji.data import Dataset, Picture, load
from emoji.loop import Average, Budget, Log, add_arguments, go_on, learning_rate, prepare, save
from emoji.tokenizer import Tokenizer
from emoji.weights import read_weights

Lesson = tuple[str, str]
BATCH = 128


def lessons(data: Dataset, seed: int) -> Iterator[Lesson]:
    """Endless pairs of a prompt and the name it stands for. Names keep their meaning; words of held-out pictures are not taught."""
    draw = random.Random(seed)
    known = [picture for picture in data.pictures if picture.style == "flat"]
    taught = [picture for picture in known if picture.text not in data.held_out]
    meanings = sorted((word, picture.title) for word, picture in typical(taught).items())
    while True:
        kind = draw.random()
        if kind < 0.25:
            title = draw.choice(known).title
            words = title
        elif kind < 0.7:
            words, title = draw.choice(meanings)
        else:
            words, title = several(draw, draw.choice(taught))
        yield with_style(draw, words), title


def several(draw: random.Random, picture: Picture) -> Lesson:
    """CLDR's short name, or two keywords of one picture, which mean that picture."""
    known = synonyms(picture)
    if len(known) < 2 or draw.random() < 0.4:
        return names(picture)[-1], picture.title
    return " ".join(draw.sample(known, 2)), picture.title


def with_style(draw: random.Random, words: str) -> str:
    style = draw.choice(("flat", "noto"))
    return draw.choice((words, words, styled(words, style), f"{style} {words}"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.start is None:
        raise SystemExit("Say with --start which model to teach.")
    device = prepare(arguments)
    config = read_config(arguments.config)
    data = load(arguments.folder)
    tokenizer = Tokenizer.read((arguments.start if arguments.start.is_dir() else arguments.folder) / "tokenizer")
    teacher, student = (config.text_encoder(len(tokenizer.vocabulary)).to(device) for _ in range(2))
    teacher.load_state_dict(read_weights(arguments.start, "text_encoder"))
    student.load_state_dict(teacher.state_dict())
    optimiser = torch.optim.AdamW(student.parameters(), betas=(0.9, 0.98), weight_decay=1e-4)
    budget = Budget(arguments.steps, arguments.minutes)
    checkpoint = arguments.folder / "text.pt"
    kept = go_on(checkpoint, student, optimiser, budget)
    average = Average(student, 0.995)
    if kept is not None:
        average.values = kept["text_encoder"]

    def keep() -> None:
        state = {"text_encoder": average.values, "current": student.state_dict(), "optimiser": optimiser.state_dict()}
        save(checkpoint, {**state, "step": budget.step, "seconds": budget.seconds})

    source = lessons(data, budget.step)
    log = Log(budget, 50)
    for step in budget.ticks():
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(config.rate, budget)
        prompts, titles = zip(*(next(source) for _ in range(BATCH)))
        asked, meant = (torch.tensor([tokenizer(text) for text in texts], device=device) for texts in (prompts, titles))
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            target = teacher(meant).float()
        with torch.autocast(device.type, torch.bfloat16):
            made = student(asked).float()
        loss = ((made - target) ** 2).mean() + ((made.mean(1) - target.mean(1)) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        average.update(student, step)
        log.add({"features": loss.item()}, BATCH)
        if step % arguments.save_every == arguments.save_every - 1:
            keep()
    keep()
    print("end")


if __name__ == "__main__":
    main()
