"""FaceRec: put names on faces, live, on an ordinary computer, offline."""

import os
import sys

# ONNX Runtime's wheels send telemetry unless told not to before they are imported; every child process inherits this.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# OpenVINO sends an event whenever it is imported. It takes an import error of its telemetry package for "not
# installed" and goes on without, and None in this table is such an error (Python's import system, section 5.3.1).
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
# OpenCV decodes pictures of any size unless told not to, and prints FFmpeg's every doubt.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(120_000_000))
os.environ.setdefault("OPENCV_LOG_LEVEL", "FATAL")

__version__ = "0.1.0"
