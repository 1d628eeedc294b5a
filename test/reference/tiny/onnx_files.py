"""ONNX exports whose weights lie beside them, in the order of the table of tensors, so that only the graphs need to be kept."""
import os
import tempfile
from pathlib import Path

import onnx
import torch
from onnx import TensorProto
from onnx.external_data_helper import set_external_data

WEIGHTS = "weights.bin"
ITEM = {TensorProto.FLOAT: 4, TensorProto.FLOAT16: 2}


class Text(torch.nn.Module):
    """Last hidden state, the pooled or projected vector, and all layers if they are wanted."""

    def __init__(self, encoder, layers):
        super().__init__()
        self.network, self.layers = encoder, layers

    def forward(self, input_ids):
        found = self.network(input_ids=input_ids.long(), output_hidden_states=True)
        projected = getattr(found, "text_embeds", None)
        heads = (found.last_hidden_state, found.pooler_output) if projected is None else (projected, found.last_hidden_state)
        return heads + (tuple(found.hidden_states) if self.layers else ())


class Unet(torch.nn.Module):
    """The denoiser with flat arguments, in the order of `names`."""

    def __init__(self, unet, names):
        super().__init__()
        self.network, self.names = unet, names

    def forward(self, *values):
        given = dict(zip(self.names, values))
        down = [given[name] for name in self.names if name.startswith("down_block")]
        added = {name: given[name] for name in ("text_embeds", "time_ids") if name in given}
        return self.network(
            given["sample"],
            given["timestep"],
            given["encoder_hidden_states"],
            timestep_cond=given.get("timestep_cond"),
            added_cond_kwargs=added or None,
            down_block_additional_residuals=tuple(down) or None,
            mid_block_additional_residual=given.get("mid_block_additional_residual"),
            return_dict=False,
        )[0]


class Decoder(torch.nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.network = vae

    def forward(self, latent_sample):
        return self.network.decode(latent_sample, return_dict=False)[0]


class Encoder(torch.nn.Module):
    """Gives mean and log variance, or draws from them as exports by diffusers' converter do."""

    def __init__(self, vae, parameters):
        super().__init__()
        self.network, self.parameters_wanted = vae, parameters

    def forward(self, sample):
        found = self.network.encode(sample, return_dict=False)[0]
        return found.parameters if self.parameters_wanted else found.sample()


def export(module, arguments, file, names):
    """Writes a graph. `names` are the inputs, the outputs and the axes that vary."""
    inputs, outputs, axes = names
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "model.onnx"
        with torch.no_grad():
            torch.onnx.export(
                module.eval(),
                arguments,
                str(whole),
                input_names=inputs,
                output_names=outputs,
                dynamic_axes=axes,
                opset_version=17,
                dynamo=False,
                do_constant_folding=False,
            )
        model = onnx.load(str(whole))
    point_to_weights(model, module.network)
    shorten(model)
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(file))
    return os.path.getsize(file)


def point_to_weights(model, network):
    """Turns each weight into a place in the file of weights."""
    at, places = 0, {}
    for name, value in network.named_parameters():
        places[f"network.{name}"] = (at, value.numel())
        at += value.numel()
    for tensor in model.graph.initializer:
        if tensor.name not in places:
            continue
        start, count = places[tensor.name]
        size = ITEM[tensor.data_type]
        tensor.ClearField("raw_data")
        tensor.raw_data = b"\0"
        set_external_data(tensor, WEIGHTS, offset=start * size, length=count * size)
        tensor.ClearField("raw_data")


def shorten(model):
    """Long names of inner values and of nodes make up most of a graph without weights."""
    graph = model.graph
    short = {one.name: one.name for one in [*graph.input, *graph.output]}
    for tensor in graph.initializer:
        short[tensor.name] = tensor.name.removeprefix("network.")
        tensor.name = short[tensor.name]
    for node in graph.node:
        node.ClearField("doc_string")
        node.ClearField("name")
        for names in (node.input, node.output):
            names[:] = [name and short.setdefault(name, f"v{len(short)}") for name in names]
    del graph.value_info[:]
