"""ComfyUI's model samplings, with the tables that tests name."""
import comfy.model_sampling as ms


class Config:
    def __init__(self, **settings):
        self.sampling_settings = settings


def discrete(kind=ms.EPS, **settings):
    zsnr = settings.pop("zsnr", None)
    return type("Discrete", (ms.ModelSamplingDiscrete, kind), {})(Config(**settings), zsnr=zsnr)


def flow(shift, multiplier=1000):
    sampling = type("Flow", (ms.ModelSamplingDiscreteFlow, ms.CONST), {})(Config())
    sampling.set_parameters(shift=shift, multiplier=multiplier)
    return sampling


def flux(shift):
    sampling = type("Flux", (ms.ModelSamplingFlux, ms.CONST), {})(Config())
    sampling.set_parameters(shift=shift)
    return sampling


def edm(sigma_min, sigma_max, sigma_data, kind=ms.EDM):
    sampling = type("Edm", (ms.ModelSamplingContinuousEDM, kind), {})(Config())
    sampling.set_parameters(sigma_min, sigma_max, sigma_data)
    return sampling


def tables():
    return {
        "scaled_linear 1000": discrete(),
        "scaled_linear 1000 zero-SNR": discrete(zsnr=True),
        "scaled_linear 77": discrete(timesteps=77),
        "linear 1000": discrete(beta_schedule="sqrt_linear", linear_start=1e-4, linear_end=2e-2),
        "cosine 1000": discrete(beta_schedule="cosine"),
        "cosine 130": discrete(beta_schedule="cosine", timesteps=130),
        "flow 3": flow(3.0),
        "flux 1.15": flux(1.15),
        "edm": edm(0.002, 80.0, 0.5),
    }
