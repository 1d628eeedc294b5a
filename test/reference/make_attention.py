"""Reference values of cross-attention: the mean over heads of softmax(q·kᵀ/√d) in every layer of the tiny Stable Diffusion 1 and XL of make_checkpoints.py, as diffusers computes it. Writes attention.json.

    python make_attention.py
"""
import json
import pathlib

import diffusers
import torch
from diffusers.models.attention_processor import AttnProcessor

from make_checkpoints import build, ramp, some

torch.set_num_threads(1)


class Recorder(AttnProcessor):
    """Computes attention as it is defined, and keeps what each cell looks at."""

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, **more):
        query, key = attn.to_q(hidden_states), attn.to_k(encoder_hidden_states)
        scores = attn.get_attention_scores(attn.head_to_batch_dim(query), attn.head_to_batch_dim(key))
        self.mean = scores.reshape(len(hidden_states), attn.heads, *scores.shape[1:]).mean(1, keepdim=True)
        return super().__call__(attn, hidden_states, encoder_hidden_states, **more)


@torch.no_grad()
def reference(kind):
    _, unet, _, _ = build(kind)
    layers = [unet.get_submodule(name) for place in ("down_blocks", "mid_block", "up_blocks") for name, _ in unet.named_modules()
              if name.startswith(place) and name.endswith(".attn2")]
    for layer in layers:
        layer.set_processor(Recorder())
    context = ramp("context", [2, 77, unet.config.cross_attention_dim])
    added = dict(added_cond_kwargs=dict(text_embeds=ramp("pooled", [2, 64]), time_ids=ramp("sizes", [2, 6]) * 100 + 300)) if kind == "sdxl" else {}
    unet(ramp("sample", [2, 4, 9, 7]), torch.tensor(421.0), encoder_hidden_states=context, **added)
    return [some(layer.processor.mean, 60) for layer in layers]


def main():
    made = {"made with": {"torch": torch.__version__.split("+")[0], "diffusers": diffusers.__version__}}
    kinds = {kind: reference(kind) for kind in ("sd15", "sdxl")}
    pathlib.Path(__file__).with_name("attention.json").write_text(json.dumps(made | {"kinds": kinds}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
