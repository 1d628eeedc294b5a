"""Weights that follow from their place alone, so that they need not be stored: the tests make the same ones in TypeScript."""
import math

import numpy as np
import torch

LARGEST_STORED = 1200
"""Tensors with more values than this are made, the others are kept in a file."""

ALWAYS_STORED = ("conv_in.weight", "conv_out.weight", "quant_conv.weight")


def draw(start, count):
    """Values `start … start+count−1` of an endless list of odd 512ths between −1 and 1: exact in fp16 times any power of two."""
    x = np.arange(start, start + count, dtype=np.uint64).astype(np.uint32)
    with np.errstate(over="ignore"):
        x = x * np.uint32(0x9E3779B1) + np.uint32(0x85EBCA6B)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x735A2D97)
    x ^= x >> np.uint32(15)
    return ((x >> np.uint32(23)).astype(np.float32) - np.float32(255.5)) / np.float32(256)


def is_stored(name, shape):
    return math.prod(shape) <= LARGEST_STORED or name.endswith(ALWAYS_STORED)


def exponent(shape):
    """The power of two nearest to the bound of He's uniform start for so many inputs of a cell."""
    return round(math.log2(math.sqrt(3 / math.prod(shape[1:]))))


class Seeds:
    """Hands out places of the endless list, one stretch for each tensor."""

    def __init__(self, start):
        self.next = start

    def fill(self, module):
        """Makes all large weights of a module and freezes them. Gives each one's place by name."""
        places = {}
        for name, parameter in module.named_parameters():
            if is_stored(name, parameter.shape):
                continue
            power, count = exponent(parameter.shape), parameter.numel()
            values = draw(self.next, count) * np.float32(2.0**power)
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(values).reshape(parameter.shape))
            parameter.requires_grad_(False)
            places[name] = {"start": self.next, "exponent": power}
            self.next += count
        return places
