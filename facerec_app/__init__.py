"""FaceRec: put names on faces, live, on an ordinary computer, offline."""

import os

# ONNX Runtime's wheels send telemetry unless told not to before they are imported, and OpenCV decodes pictures of
# any size unless told not to; every child process inherits both settings.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(120_000_000))

__version__ = "0.1.0"
