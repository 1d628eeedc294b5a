"""The folder of ONNX files in the layout of diffusers' pipelines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from .onnx_file import SharedWeights, Signature, halve, traced
from .tokenizer import Tokenizer
from .unet_model import TextEncoder, UNet
from .vae_model import LATENT_CHANNELS, Autoencoder

LATENT_SIDE = 16


@dataclass(frozen=True)
class Parts:
    """All that a folder is made of."""

    autoencoder: Autoencoder
    text_encoder: TextEncoder
    unet: UNet
    tokenizer: Tokenizer


class EncoderPart(nn.Module):
    """Pixels → mean and log-variance of normalised latents, `[b, 8, h, w]`."""

    def __init__(self, vae: Autoencoder) -> None:
        super().__init__()
        self.encoder = vae.encoder
        self.register_buffer("shift", vae.shift.clone().view(1, -1, 1, 1))
        self.register_buffer("scale", vae.scale.clone())

    def forward(self, sample: Tensor) -> Tensor:
        mean, log_variance = self.encoder(sample).chunk(2, 1)
        return torch.cat([(mean - self.shift) / self.scale, log_variance - 2 * self.scale.log()], 1)


class DecoderPart(nn.Module):
    """Normalised latents → pixels."""

    def __init__(self, vae: Autoencoder) -> None:
        super().__init__()
        self.decoder = vae.decoder
        self.register_buffer("shift", vae.shift.clone().view(1, -1, 1, 1))
        self.register_buffer("scale", vae.scale.clone())

    def forward(self, latent_sample: Tensor) -> Tensor:
        return self.decoder(latent_sample * self.scale + self.shift)


class TextPart(nn.Module):
    """Ids → features of all tokens and of the last."""

    def __init__(self, encoder: TextEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(input_ids)
        return features, features[:, -1]


class UNetPart(nn.Module):
    """The prediction, and all cross-attention maps where they are wanted."""

    def __init__(self, unet: UNet, with_maps: bool) -> None:
        super().__init__()
        self.unet = unet
        self.with_maps = with_maps

    def forward(self, sample: Tensor, timestep: Tensor, encoder_hidden_states: Tensor) -> Tensor | tuple[Tensor, ...]:
        if not self.with_maps:
            return self.unet(sample, timestep, encoder_hidden_states)
        maps: list[Tensor] = []
        return (self.unet(sample, timestep, encoder_hidden_states, maps), *maps)


LATENT_AXES = {0: "batch", 2: "height", 3: "width"}
PIXEL_AXES = {0: "batch", 2: "image_height", 3: "image_width"}
TOKEN_AXES = {0: "batch", 1: "sequence"}


def write_json(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def write_network(folder: Path, module: nn.Module, arguments: tuple[Tensor, ...], signature: Signature) -> None:
    """One part whose file holds its own weights."""
    folder.mkdir(parents=True, exist_ok=True)
    model = traced(module, arguments, signature, folder / "model.onnx")
    halve(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / "model.onnx"))


def write_unet(folder: Path, unet: UNet, width: int) -> None:
    """unet/model.onnx, and unet/attention.onnx that also gives the maps; both read unet/weights.bin."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = SharedWeights(folder / "weights.bin")
    arguments = (torch.randn(2, LATENT_CHANNELS, LATENT_SIDE, LATENT_SIDE), torch.tensor([500.0]), torch.randn(2, 77, width))
    names = [f"attention_{i}" for i in range(len(unet.map_downsamples()))]
    axes = {"sample": LATENT_AXES, "encoder_hidden_states": TOKEN_AXES, "out_sample": LATENT_AXES}
    map_axes = {name: {0: "batch", 2: f"cells_{factor}", 3: "sequence"} for name, factor in zip(names, unet.map_downsamples())}
    inputs = ("sample", "timestep", "encoder_hidden_states")
    for file, outputs in (("model.onnx", ()), ("attention.onnx", tuple(names))):
        signature = Signature(inputs, ("out_sample", *outputs), {**axes, **(map_axes if outputs else {})})
        model = traced(UNetPart(unet, bool(outputs)), arguments, signature, folder / file)
        halve(model)
        weights.move(model)
        (folder / file).write_bytes(model.SerializeToString())
    weights.write()
    onnx.checker.check_model(str(folder / "model.onnx"))
    onnx.checker.check_model(str(folder / "attention.onnx"))


def write_configs(folder: Path, parts: Parts) -> None:
    """What readers of the folder must know besides the networks."""
    width = parts.text_encoder.positions.shape[1]
    vae = {"_class_name": "AutoencoderKL", "latent_channels": LATENT_CHANNELS, "scaling_factor": 1.0, "sample_size": 8 * LATENT_SIDE}
    widths = [parts.autoencoder.encoder.conv_in.out_channels] * 2
    widths += [parts.autoencoder.encoder.down1.out_channels, parts.autoencoder.encoder.down2.out_channels]
    write_json(folder / "vae_encoder/config.json", {**vae, "block_out_channels": widths})
    write_json(folder / "vae_decoder/config.json", {**vae, "block_out_channels": widths})
    outputs = [{"name": f"attention_{i}", "downsample": factor} for i, factor in enumerate(parts.unet.map_downsamples())]
    write_json(
        folder / "unet/config.json",
        {
            "_class_name": "UNet2DConditionModel",
            "in_channels": LATENT_CHANNELS,
            "out_channels": LATENT_CHANNELS,
            "sample_size": LATENT_SIDE,
            "cross_attention_dim": width,
            "attention_outputs": outputs,
        },
    )
    write_json(
        folder / "text_encoder/config.json",
        {
            "architectures": ["CLIPTextModel"],
            "hidden_size": width,
            "vocab_size": parts.text_encoder.tokens.num_embeddings,
            "max_position_embeddings": parts.text_encoder.positions.shape[0],
        },
    )
    write_json(
        folder / "scheduler/scheduler_config.json",
        {
            "_class_name": "EulerDiscreteScheduler",
            "num_train_timesteps": 1000,
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "prediction_type": "epsilon",
        },
    )
    runtime = ["diffusers", "OnnxRuntimeModel"]
    write_json(
        folder / "model_index.json",
        {
            "_class_name": "OnnxStableDiffusionPipeline",
            "scheduler": ["diffusers", "EulerDiscreteScheduler"],
            "text_encoder": runtime,
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": runtime,
            "vae_decoder": runtime,
            "vae_encoder": runtime,
        },
    )


@torch.no_grad()
def write_folder(folder: Path, parts: Parts) -> None:
    """Writes everything but preview.json, which is fitted to the finished encoder."""
    width = parts.text_encoder.positions.shape[1]
    latent = torch.randn(1, LATENT_CHANNELS, LATENT_SIDE, LATENT_SIDE)
    pixels = torch.randn(1, 3, 8 * LATENT_SIDE, 8 * LATENT_SIDE)
    ids = torch.randint(0, parts.text_encoder.tokens.num_embeddings, (2, 77))
    text = Signature(
        ("input_ids",),
        ("last_hidden_state", "pooler_output"),
        {"input_ids": TOKEN_AXES, "last_hidden_state": TOKEN_AXES, "pooler_output": {0: "batch"}},
    )
    write_network(folder / "text_encoder", TextPart(parts.text_encoder), (ids,), text)
    write_unet(folder / "unet", parts.unet, width)
    decoder = Signature(("latent_sample",), ("sample",), {"latent_sample": LATENT_AXES, "sample": PIXEL_AXES})
    write_network(folder / "vae_decoder", DecoderPart(parts.autoencoder), (latent,), decoder)
    encoder = Signature(("sample",), ("latent_parameters",), {"sample": PIXEL_AXES, "latent_parameters": LATENT_AXES})
    write_network(folder / "vae_encoder", EncoderPart(parts.autoencoder), (pixels,), encoder)
    parts.tokenizer.write(folder / "tokenizer")
    write_configs(folder, parts)
