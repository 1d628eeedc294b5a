"""A prompt with a trained word (textual inversion), and one that stops a layer early (clip skip), on the tiny Stable Diffusion 1 of make_checkpoints.py, as diffusers encodes it. Writes embeddings.json.

    python make_embeddings.py
"""
import json
import pathlib

import torch

from make_checkpoints import clip_tokenizer, some
from make_loras import pipeline, value


@torch.no_grad()
def main():
    tokenizer = clip_tokenizer(pad=49407)
    pipe = pipeline("sd15", tokenizer)
    pipe.load_textual_inversion({"trained": value("embedding", [2, 64])}, token="trainedword")
    prompt = pipe.maybe_convert_prompt("a photo of trainedword cat", pipe.tokenizer)
    ids = pipe.tokenizer(prompt, padding="max_length", max_length=77, return_tensors="pt").input_ids
    features = pipe.text_encoder(ids).last_hidden_state
    # What diffusers' clip_skip=1 takes; its own code looks for text_model, which transformers 5 has no more.
    plain = pipe.tokenizer("a photo of a cat", padding="max_length", max_length=77, return_tensors="pt").input_ids
    skipped = pipe.text_encoder.final_layer_norm(pipe.text_encoder(plain, output_hidden_states=True).hidden_states[-2])
    pathlib.Path(__file__).with_name("embeddings.json").write_text(json.dumps({"features": some(features), "skipped": some(skipped)}) + "\n")


if __name__ == "__main__":
    main()
