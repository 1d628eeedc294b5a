"""What the mask nodes give. Inputs are sines that the test makes too."""
import torch
from rounded import rounded

from comfy_extras import nodes_mask
from waves import wave


def mask(dims, seed=1.0):
    return wave(dims, seed) * 0.5 + 0.5


def blob(height, width):
    m = torch.zeros(1, height, width)
    m[:, 3:5, 4:7] = 1
    m[:, 7, 1] = 0.5
    return m


def make():
    grown = []
    for expand in [1, 2, 5, -1, -2]:
        for tapered in [True, False]:
            for name, source in [("wave", mask([2, 6, 7])), ("blob", blob(9, 8))]:
                (out,) = nodes_mask.GrowMask().expand_mask(source, expand, tapered)
                grown.append({"source": name, "expand": expand, "tapered": tapered, "values": rounded(out.flatten())})
    feathered = []
    for sides in [[2, 0, 0, 0], [0, 3, 0, 0], [0, 0, 4, 0], [0, 0, 0, 3], [3, 2, 4, 1], [99, 99, 99, 99]]:
        (out,) = nodes_mask.FeatherMask().feather(mask([2, 6, 7]) , *sides)
        feathered.append({"sides": sides, "values": rounded(out.flatten())})
    combined = []
    for operation in ["multiply", "add", "subtract", "and", "or", "xor"]:
        for x, y in [(0, 0), (3, 2), (5, 4)]:
            (out,) = nodes_mask.MaskComposite().combine(mask([2, 6, 7]), mask([1, 4, 5], 2.0), x, y, operation)
            combined.append({"operation": operation, "x": x, "y": y, "values": rounded(out.flatten())})
    return {"blob": rounded(blob(9, 8).flatten()), "grown": grown, "feathered": feathered, "combined": combined}
