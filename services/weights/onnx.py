"""Sessions of onnxruntime for a service that is not alone on its machine."""

from pathlib import Path

import onnxruntime

__all__ = ["open_session"]


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """Return a model that is ready to run on the CPU.

    Its threads sleep where there is nothing for them: by default they spin on a core while they
    wait, and where others work too, a window of audio takes two to three times as long.

    Args:
        path: The model's file.
    """
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
