"""CLIP's tokenizer from its merges, as the models folder of this repository keeps them."""
import json
import tempfile
from pathlib import Path

from transformers import CLIPTokenizer

MERGES = Path(__file__).parents[3] / "models/clip/tokenizer/merges.txt"


def _byte_characters():
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return [chr(byte) for byte in shown] + [chr(256 + index) for index in range(len(hidden))]


def write_vocabulary(folder):
    """Writes vocab.json and merges.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    text = MERGES.read_text()
    merges = [line.replace(" ", "") for line in text.split("\n")[1:] if line]
    units = _byte_characters()
    words = [*units, *(unit + "</w>" for unit in units), *merges, "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: index for index, word in enumerate(words)}, ensure_ascii=False))
    (folder / "merges.txt").write_text(text)


def clip_tokenizer(pad):
    """The tokenizer that fills prompts up with the token `pad`."""
    with tempfile.TemporaryDirectory() as folder:
        write_vocabulary(Path(folder))
        tokenizer = CLIPTokenizer.from_pretrained(folder)
    tokenizer.pad_token_id = pad
    tokenizer.model_max_length = 77
    return tokenizer


def token_ids(prompts, pad):
    return clip_tokenizer(pad)(prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
