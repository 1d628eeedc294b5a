"""Networks with random weights for gpu-check.sh: `export` writes them as a model folder in the layout of diffusers, `speed` times one guided step in PyTorch."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

SD_UNET = dict(
    sample_size=64,
    block_out_channels=(320, 640, 1280, 1280),
    cross_attention_dim=768,
    attention_head_dim=8,
    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
)
SDXL_UNET = dict(
    sample_size=128,
    block_out_channels=(320, 640, 1280),
    cross_attention_dim=2048,
    attention_head_dim=(5, 10, 20),
    transformer_layers_per_block=(1, 2, 10),
    use_linear_projection=True,
    addition_embed_type="text_time",
    addition_time_embed_dim=256,
    projection_class_embeddings_input_dim=2816,
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
)
SD_VAE = dict(
    block_out_channels=(128, 256, 512, 512),
    layers_per_block=2,
    latent_channels=4,
    down_block_types=("DownEncoderBlock2D",) * 4,
    up_block_types=("UpDecoderBlock2D",) * 4,
)
TINY = dict(block_out_channels=(32, 64, 64, 64), norm_num_groups=8)
KINDS = {
    "tiny": (SD_UNET | TINY | dict(sample_size=16), SD_VAE | TINY),
    "sd15": (SD_UNET, SD_VAE),
    "sdxl": (SDXL_UNET, SD_VAE),
}
BATCH, TOKENS = 2, 77


def wave(*dims: int) -> torch.Tensor:
    """The same figures that measure.mjs feeds: sin(1.7 i)."""
    count = int(torch.tensor(dims).prod())
    return torch.sin(torch.arange(count, dtype=torch.float64) * 1.7).to(torch.float32).reshape(dims)


class Unet(torch.nn.Module):
    """A U-Net with its inputs in a row, as an export wants them."""

    def __init__(self, config: dict) -> None:
        super().__init__()
        self.network = UNet2DConditionModel(**config)
        self.pooled = config.get("addition_embed_type") is not None

    def names(self) -> list[str]:
        return ["sample", "timestep", "encoder_hidden_states"] + (["text_embeds", "time_ids"] if self.pooled else [])

    def inputs(self) -> list[torch.Tensor]:
        config = self.network.config
        size = config.sample_size
        first = [wave(BATCH, 4, size, size), torch.tensor([500.0]), wave(BATCH, TOKENS, config.cross_attention_dim)]
        return first + ([wave(BATCH, 1280), wave(BATCH, 6)] if self.pooled else [])

    def forward(self, sample, timestep, states, text_embeds=None, time_ids=None):
        added = {"text_embeds": text_embeds, "time_ids": time_ids} if self.pooled else None
        return self.network(sample, timestep, states, added_cond_kwargs=added, return_dict=False)[0]


class Decoder(torch.nn.Module):
    def __init__(self, config: dict) -> None:
        super().__init__()
        self.network = AutoencoderKL(**config)

    def forward(self, latent):
        return self.network.decode(latent, return_dict=False)[0]


def build(kind: str) -> tuple[Unet, Decoder]:
    torch.manual_seed(0)
    unet, vae = KINDS[kind]
    return Unet(unet).eval(), Decoder(vae).eval()


def write(module: torch.nn.Module, inputs: list[torch.Tensor], names: list[str], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    batched = {name: {0: "batch"} for name, value in zip(names, inputs) if value.dim() > 1}
    with torch.no_grad():
        torch.onnx.export(
            module, tuple(inputs), str(file), input_names=names, output_names=["output"], dynamic_axes=batched, opset_version=17, dynamo=False
        )


def export(kind: str, folder: Path) -> None:
    unet, decoder = build(kind)
    write(unet, unet.inputs(), unet.names(), folder / "unet" / "model.onnx")
    size = unet.network.config.sample_size
    write(decoder, [wave(1, 4, size, size)], ["latent_sample"], folder / "vae_decoder" / "model.onnx")


def speed(kind: str, steps: int) -> None:
    """Guided steps per second: fp16 with scaled-dot-product attention on a GPU, fp32 on a CPU; the median of `steps` after three for warming up."""
    cuda = torch.cuda.is_available()
    device, dtype = ("cuda", torch.float16) if cuda else ("cpu", torch.float32)
    unet, _ = build(kind)
    unet = unet.to(device, dtype)
    inputs = [value.to(device, dtype) for value in unet.inputs()]
    times = []
    with torch.inference_mode():
        for _ in range(steps + 3):
            begin = time.perf_counter()
            unet(*inputs).float().cpu()
            times.append(time.perf_counter() - begin)
    peak = torch.cuda.max_memory_allocated() if cuda else None
    print(json.dumps({"stepsPerSecond": 1 / statistics.median(times[3:]), "peakBytes": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["export", "speed"])
    parser.add_argument("kind", choices=list(KINDS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()
    export(given.kind, given.out) if given.what == "export" else speed(given.kind, given.steps)


if __name__ == "__main__":
    main()
