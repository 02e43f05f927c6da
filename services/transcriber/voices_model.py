"""``python -m services.transcriber.voices_model``: builds the model file of the speaker encoder.

The weights are those of Resemblyzer's speaker encoder (Resemble AI, Apache-2.0), from its package:
three LSTM layers and a projection (Wan et al. 2018). They are converted to an ONNX graph, which
needs no framework at run time.
"""

import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from services.transcriber.encoder_file import ENCODER
from services.transcriber.settings import TranscriberSettings
from services.weights.unpickling import Array, read_tensors
from services.weights.wheels import ModelFileError, Wheel, ensure_model

WHEEL = Wheel(
    "Resemblyzer", "0.1.4", "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f"
)
LAYERS = range(3)
UNITS = 256
BANDS = 40
OPSET, IR_VERSION = 17, 8


def build(wheel: Path) -> bytes:
    """Return the model file, built from the weights in the wheel."""
    with zipfile.ZipFile(wheel) as package, package.open("resemblyzer/pretrained.pt") as pickled:
        weights = read_tensors(pickled, "model_state")
    tensors = [numpy_helper.from_array(np.array([1], np.int64), "directions")]
    nodes: list[NodeProto] = []
    source = "bands"
    for layer in LAYERS:
        for name, array in _reorder(weights, layer).items():
            tensors.append(numpy_helper.from_array(array, f"{name}{layer}"))
        inputs = [source, *(f"{name}{layer}" for name in "WRB")]
        outputs = [f"all{layer}", f"last{layer}"]
        nodes.append(helper.make_node("LSTM", inputs, outputs, hidden_size=UNITS))
        source = f"spoken{layer}"
        nodes.append(helper.make_node("Squeeze", [outputs[0], "directions"], [source]))
    nodes += _project(f"last{LAYERS[-1]}")
    tensors += [
        numpy_helper.from_array(weights[f"linear.{name}"], name) for name in ("weight", "bias")
    ]
    return _finish(nodes, tensors)


def _reorder(weights: Mapping[str, Array], layer: int) -> dict[str, Array]:
    """Return a layer's weights in ONNX's order of gates: input, output, forget, cell."""

    def reorder(name: str) -> Array:
        gate_in, forget, cell, out = np.split(weights[f"lstm.{name}_l{layer}"], 4)
        return np.concatenate([gate_in, out, forget, cell])[np.newaxis]

    biases = np.concatenate([reorder("bias_ih"), reorder("bias_hh")], axis=1)
    return {"W": reorder("weight_ih"), "R": reorder("weight_hh"), "B": biases}


def _project(last: str) -> list[NodeProto]:
    return [
        helper.make_node("Squeeze", [last, "zero"], ["state"]),
        helper.make_node("Gemm", ["state", "weight", "bias"], ["projected"], transB=1),
        helper.make_node("Relu", ["projected"], ["voices"]),
    ]


def _finish(nodes: list[NodeProto], tensors: list[TensorProto]) -> bytes:
    zero = numpy_helper.from_array(np.array([0], np.int64), "zero")
    bands = helper.make_tensor_value_info("bands", TensorProto.FLOAT, ["frames", "windows", BANDS])
    voices = helper.make_tensor_value_info("voices", TensorProto.FLOAT, ["windows", UNITS])
    graph = helper.make_graph(nodes, "voices", [bands], [voices], [*tensors, zero])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def main() -> None:
    """Build the model file in ``MODELS_DIR`` unless it exists."""
    try:
        print(ensure_model(ENCODER, WHEEL, build, TranscriberSettings().models_dir))  # noqa: T201
    except ModelFileError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
