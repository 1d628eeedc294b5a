"""Every sampler of ComfyUI over a made-up denoiser, in double precision with noise drawn in single precision as a run does."""
import comfy.k_diffusion.sampling as k
import comfy.samplers
import torch
from model_tables import tables
from rounded import rounded

SHAPE = (1, 2, 3, 4)
SEED = 20
CFG = 2.5
RUNS = {
    "variance exploding": ("scaled_linear 1000", [14.614642, 7.25, 3.1, 1.4, 0.55, 0.029167, 0.0]),
    "one step": ("scaled_linear 1000", [14.614642, 0.0]),
    "two steps": ("scaled_linear 1000", [14.614642, 1.3, 0.0]),
    "nine steps, cut short": ("scaled_linear 1000", [9.5, 6.2, 4.9, 3.0, 2.2, 1.5, 1.1, 0.8, 0.47, 0.2]),
    "flow": ("flow 3", [1.0, 0.92, 0.81, 0.66, 0.43, 0.17, 0.0]),
}


def guess(x, sigma, flow):
    """Wanted and unwanted guess of the clean picture."""
    inner = x if flow else x / (1 + sigma**2) ** 0.5
    return torch.tanh(inner) * 0.9 + 0.05 * torch.cos(x), torch.tanh(0.7 * inner) * 0.6 - 0.02 * torch.sin(x)


class Model:
    """What k-diffusion's functions ask of a model, and a list of all evaluations."""

    def __init__(self, sampling, flow):
        self.model_sampling = sampling
        self.inner_model = self
        self.model_patcher = self
        self.flow = flow
        self.seen = []

    def get_model_object(self, _):
        return self.model_sampling

    def __call__(self, x, sigma, model_options={}, seed=None, **_):
        level = float(sigma.flatten()[0])
        wanted, unwanted = guess(x, level, self.flow)
        flat = x.flatten()
        self.seen.append([level, float(flat[0]), float(flat[11]), float(flat[23])])
        denoised = unwanted + CFG * (wanted - unwanted)
        for change in model_options.get("sampler_post_cfg_function", []):
            denoised = change({"denoised": denoised, "uncond_denoised": unwanted})
        return denoised


def single(x, seed=None):
    generator = torch.Generator().manual_seed(seed)
    return lambda sigma, sigma_next: torch.randn(x.shape, generator=generator, dtype=torch.float32).double()


class SingleTree(k.BrownianTreeNoiseSampler):
    def __init__(self, x, sigma_min, sigma_max, seed=None, transform=lambda x: x, cpu=False):
        super().__init__(x.float(), sigma_min.float(), sigma_max.float(), seed, transform, cpu)

    def __call__(self, sigma, sigma_next):
        return super().__call__(torch.as_tensor(sigma).float(), torch.as_tensor(sigma_next).float()).double()


def run(name, sampling_name, sigmas):
    sampling = tables()[sampling_name]
    exact = sampling.percent_to_sigma
    # A run keeps its levels in single precision, the first one too where a sampler moves it.
    sampling.percent_to_sigma = lambda share: float(torch.tensor(exact(share), dtype=torch.float32))
    flow = "flow" in sampling_name
    levels = torch.tensor(sigmas, dtype=torch.float32).double()
    x = torch.randn(SHAPE, generator=torch.Generator().manual_seed(4), dtype=torch.float32).double() * levels[0]
    model = Model(sampling, flow)
    sampler = comfy.samplers.sampler_object(name)
    result = sampler.sampler_function(model, x, levels, extra_args={"model_options": {}, "seed": SEED}, callback=None, disable=True)
    return {"evaluations": rounded(model.seen), "result": rounded(result.flatten())}


def make():
    torch.set_default_dtype(torch.float64)
    k.default_noise_sampler = single
    k.BrownianTreeNoiseSampler = SingleTree
    results = {}
    for title, (sampling, sigmas) in RUNS.items():
        results[title] = {"sampling": sampling, "sigmas": sigmas, "samplers": {}}
        for name in comfy.samplers.SAMPLER_NAMES:
            if not name.endswith("_gpu"):
                try:
                    results[title]["samplers"][name] = run(name, sampling, sigmas)
                except Exception as problem:
                    print(title, name, repr(problem))
    return {"shape": SHAPE, "seed": str(SEED), "startSeed": "4", "cfg": CFG, "runs": results}
