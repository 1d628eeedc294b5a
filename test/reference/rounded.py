"""Numbers short enough to be committed."""
import math

import torch


def rounded(values, digits=7):
    """Nested lists or a tensor to floats of so many significant digits."""
    if isinstance(values, torch.Tensor):
        values = values.tolist()
    if isinstance(values, (list, tuple)):
        return [rounded(value, digits) for value in values]
    value = float(values)
    # Where the reference gives no number there is null.
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None
