"""Where frames come from (camera, video file, stream, folder of pictures) and where annotated ones go."""

import os

# Read by OpenCV and the FFmpeg inside it when first used. Their messages go to standard error, past every log, and
# repeat in other words what our own errors say. A V4L2 camera that hangs is given up after 3 s instead of 10.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
