"""ONNX files that are small and fast: weights kept as fp16 under their own names, cast to fp32 by nodes that ONNX Runtime folds at load."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

TRANSPOSED = ".transposed"
SMALLEST = 256


@dataclass(frozen=True)
class Signature:
    """Names of inputs and outputs, and which axes of them vary: `{'sample': {0: 'batch'}}`."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    axes: dict[str, dict[int, str]]


def traced(module: nn.Module, arguments: tuple[Tensor, ...], signature: Signature, file: Path) -> onnx.ModelProto:
    """Exports by tracing, in float32."""
    torch.onnx.export(
        module.eval(),
        arguments,
        str(file),
        input_names=list(signature.inputs),
        output_names=list(signature.outputs),
        dynamic_axes=signature.axes,
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(str(file))
    give_names(model, module.state_dict())
    return model


def give_names(model: onnx.ModelProto, state: dict[str, Tensor]) -> None:
    """Calls each initializer by its parameter, with `.transposed` where the exporter turned it, so that files can be read back."""
    known: dict[tuple[tuple[int, ...], bytes], str] = {}
    for name, value in state.items():
        array = value.detach().float().cpu().numpy()
        known[array.T.shape, np.ascontiguousarray(array.T).tobytes()] = name + (TRANSPOSED if array.ndim > 1 else "")
    taken = {tensor.name for tensor in model.graph.initializer}
    renamed: dict[str, str] = {}
    for tensor in model.graph.initializer:
        name = known.get((tuple(tensor.dims), numpy_helper.to_array(tensor).tobytes()))
        if tensor.name not in state and name is not None and name not in taken:
            taken.add(name)
            renamed[tensor.name] = name
            tensor.name = name
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]


def halve(model: onnx.ModelProto) -> None:
    """Turns all but tiny float32 initializers into fp16 and a Cast."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) <= SMALLEST:
            kept.append(tensor)
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}.half")
        kept.append(half)
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT, name=f"cast {tensor.name}"))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


@dataclass
class SharedWeights:
    """One file of weights beside several ONNX files, which hold offsets into it (ONNX external data)."""

    file: Path
    content: bytearray = field(default_factory=bytearray)
    places: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def move(self, model: onnx.ModelProto) -> None:
        """Moves the fp16 weights of a model here; a weight that is here already is not written again."""
        for tensor in model.graph.initializer:
            if not tensor.name.endswith(".half"):
                continue
            data = numpy_helper.to_array(tensor).tobytes()
            place = self.places.get((tensor.name, data))
            if place is None:
                self.content.extend(bytes(-len(self.content) % 64))
                place = self.places[tensor.name, data] = len(self.content)
                self.content.extend(data)
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", self.file.name), ("offset", place), ("length", len(data))):
                tensor.external_data.add(key=key, value=str(value))

    def write(self) -> None:
        self.file.write_bytes(self.content)


def read_parameters(file: Path) -> dict[str, Tensor]:
    """The parameters of a file written here, float32, by name."""
    model = onnx.load(str(file))
    found = {}
    for tensor in model.graph.initializer:
        if tensor.data_type not in (TensorProto.FLOAT, TensorProto.FLOAT16):
            continue
        array = numpy_helper.to_array(tensor).astype(np.float32, copy=True)
        name = tensor.name.removesuffix(".half")
        if name.endswith(TRANSPOSED):
            name, array = name.removesuffix(TRANSPOSED), np.ascontiguousarray(array.T)
        if array.shape[1:] == (1, 1):  # GroupNorm's factors are exported as [c, 1, 1].
            array = array.reshape(-1)
        found[name] = torch.from_numpy(array)
    return found
