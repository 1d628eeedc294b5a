"""A made-up network inside of ComfyUI's own model classes: test/nodes/diffusion/tiny-network.ts is its twin."""
import comfy.latent_formats
import comfy.model_base
import comfy.model_patcher
import torch


class Network(torch.nn.Module):
    """Depends on x, on the place in what it is shown, on the timestep, on the mean token, and on the channels of an inpainting network."""

    dtype = torch.float32

    def forward(self, x, timesteps, context=None, y=None, control=None, transformer_options={}, **_):
        own, extra = x[:, :4], x[:, 4:]
        prompt = torch.tanh(context.mean(dim=(1, 2))).reshape(-1, 1, 1, 1)
        rows = torch.arange(x.shape[2]).reshape(1, 1, -1, 1)
        columns = torch.arange(x.shape[3]).reshape(1, 1, 1, -1)
        place = 0.05 * torch.sin(rows + 2.0 * columns)
        time = 0.1 * torch.sin(timesteps.float() / 300).reshape(-1, 1, 1, 1)
        output = 0.6 * torch.sin(own) + 0.5 * prompt * torch.cos(0.5 * own) + place + time
        if extra.shape[1] > 0:
            output = output + 0.3 * extra[:, :1] + 0.2 * torch.sin(extra[:, 1:])
        return output


class Config:
    manual_cast_dtype = None
    memory_usage_factor = 1.0
    custom_operations = None
    optimizations = {}
    scaled_fp8 = None

    def __init__(self, settings):
        self.unet_config = {"disable_unet_model_creation": True, "in_channels": 4}
        self.sampling_settings = settings
        self.latent_format = comfy.latent_formats.SD15()


def tiny_model(settings=None, inpaints=False, prediction="EPS"):
    """A patcher around a model with Stable Diffusion's latents."""
    base = comfy.model_base.BaseModel(Config(settings or {}), getattr(comfy.model_base.ModelType, prediction))
    base.diffusion_model = Network()
    base.get_dtype = lambda: torch.float32
    if inpaints:
        base.set_inpaint()
    cpu = torch.device("cpu")
    return comfy.model_patcher.ModelPatcher(base, cpu, cpu, size=1)
