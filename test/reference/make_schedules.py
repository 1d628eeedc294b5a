"""Sigma tables and schedules of ComfyUI."""
import comfy.k_diffusion.sampling as k
import comfy.samplers
import torch
from model_tables import tables
from rounded import rounded

STEPS = [1, 2, 7, 20, 50]


def levels(sampling, name, steps):
    try:
        return rounded(comfy.samplers.calculate_sigmas(sampling, name, steps))
    except Exception as problem:
        return str(problem)


def probes(sampling):
    """What the sampling says at some noise levels and shares of the way."""
    table = sampling.sigmas
    marks = [0, len(table) // 3, len(table) - 1]
    between = (table[marks[1]] * table[marks[1] + 1]) ** 0.5 * 1.0001
    asked = [float(table[i]) for i in marks] + [float(between)]
    return {
        "length": len(table),
        "marks": marks,
        "sigmas": rounded(asked, 9),
        "timesteps": rounded([sampling.timestep(torch.tensor(value)) for value in asked]),
        "percents": {str(p): rounded(sampling.percent_to_sigma(p)) for p in [0.0, 0.1, 0.35, 0.8, 1.0]},
    }


def make():
    found = {}
    for name, sampling in tables().items():
        schedules = {s: {str(n): levels(sampling, s, n) for n in STEPS} for s in comfy.samplers.SCHEDULER_NAMES}
        found[name] = {"probes": probes(sampling), "schedules": schedules}
    return {"tables": found, "nodes": nodes(tables()["scaled_linear 1000"])}


def nodes(sampling):
    """The scheduler nodes, by class and arguments."""
    import comfy_extras.nodes_custom_sampler as custom
    from comfy_extras.nodes_align_your_steps import AlignYourStepsScheduler
    from comfy_extras.nodes_gits import GITSScheduler

    class Model:
        def get_model_object(self, _):
            return sampling

    model = Model()
    cases = []

    def add(kind, make_sigmas, settings):
        cases.extend({"node": kind, "inputs": inputs, "sigmas": rounded(make_sigmas(**inputs))} for inputs in settings)

    span = {"sigma_max": 14.614642, "sigma_min": 0.0291675}
    counts = [1, 2, 7, 20]
    add("KarrasScheduler", lambda **i: custom.KarrasScheduler().get_sigmas(**i)[0], [{"steps": n, **span, "rho": r} for n in counts for r in (7.0, 3.5)])
    add("ExponentialScheduler", lambda **i: custom.ExponentialScheduler().get_sigmas(**i)[0], [{"steps": n, **span} for n in counts])
    add("PolyexponentialScheduler", lambda **i: custom.PolyexponentialScheduler().get_sigmas(**i)[0], [{"steps": n, **span, "rho": r} for n in counts for r in (1.0, 2.5)])
    add("LaplaceScheduler", lambda **i: custom.LaplaceScheduler().get_sigmas(**i)[0], [{"steps": n, **span, "mu": m, "beta": b} for n in counts for m, b in ((0.0, 0.5), (0.5, 1.2))])
    add("VPScheduler", lambda **i: custom.VPScheduler().get_sigmas(**i)[0], [{"steps": n, "beta_d": 19.9, "beta_min": 0.1, "eps_s": 0.001} for n in counts])
    add("BetaSamplingScheduler", lambda **i: custom.BetaSamplingScheduler().get_sigmas(model, **i)[0], [{"steps": n, "alpha": a, "beta": b} for n in (1, 2, 7, 20, 50) for a, b in ((0.6, 0.6), (1.0, 2.5), (0.3, 4.0))])
    add("SDTurboScheduler", lambda **i: custom.SDTurboScheduler().get_sigmas(model, **i)[0], [{"steps": n, "denoise": d} for n in (1, 4, 10) for d in (1.0, 0.55)])
    add("AlignYourStepsScheduler", lambda **i: AlignYourStepsScheduler.execute(**i).args[0], [{"model_type": m, "steps": n, "denoise": d} for m in ("SD1", "SDXL", "SVD") for n in (4, 10, 25) for d in (1.0, 0.6)])
    add("GITSScheduler", lambda **i: GITSScheduler.execute(**i).args[0], [{"coeff": c, "steps": n, "denoise": d} for c in (0.8, 1.2, 1.5) for n in (2, 9, 20, 33) for d in (1.0, 0.5)])
    return cases
