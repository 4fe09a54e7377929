"""Makes ``demo.mp4`` and ``expected.json`` from the photographs in ``sources/``: a walk along a wall of pictures.

A camera moves past four framed photographs. It pans, zooms, turns, goes out of focus, meets dim light and sensor
noise; one face leaves the picture and comes back, twice there are two faces at once, and two of the people are not
enrolled. Everything is computed from the tables below with a fixed seed, so that the truth (who is where in which
frame) is known and not annotated by hand.

    python assets/demo/make_demo_video.py            # writes beside itself
    python assets/demo/make_demo_video.py --out DIR

Needs NumPy, OpenCV and PyAV (``pip install av``; not a dependency of the program). OpenCV's wheels can read H.264 on
every system but write none, and what they can write (MPEG-4 part 2 at a fixed rate) is five times as large and shown by
no browser.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

UInt8Array = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]

SEED = 20101206
FPS = 25
DURATION_S = 25.0
WIDTH_PX, HEIGHT_PX = 640, 360
CRF = 26  # x264's constant quality: 0 is lossless, 23 its default
SUPERSAMPLING = 2
CANVAS_SCALE = 2.0  # canvas pixels per unit of the wall
WALL_LEFT, WALL_RIGHT, WALL_TOP, WALL_BOTTOM = -260.0, 2640.0, -220.0, 780.0
FRAME_UNITS, MAT_UNITS = 11.0, 20.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph on the wall.

    Attributes:
        file: in ``sources/``.
        person: who is in it.
        enrolled: whether the demonstration enrols this person (from another photograph).
        crop_xyxy: the part of the photograph that is shown, in its own pixels.
        face_xyxy: where the face is, in its own pixels.
        centre_xy: of the picture on the wall, in units.
        width: of the picture on the wall, in units, without mat and frame.
    """

    file: str
    person: str
    enrolled: bool
    crop_xyxy: tuple[int, int, int, int]
    face_xyxy: tuple[int, int, int, int]
    centre_xy: tuple[float, float]
    width: float

    @property
    def scale(self) -> float:
        """Units of the wall per pixel of the photograph."""
        return self.width / (self.crop_xyxy[2] - self.crop_xyxy[0])

    @property
    def box_units(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the picture on the wall."""
        height = (self.crop_xyxy[3] - self.crop_xyxy[1]) * self.scale
        x, y = self.centre_xy
        return x - self.width / 2, y - height / 2, x + self.width / 2, y + height / 2

    def face_units(self) -> tuple[float, float, float, float]:
        """Return centre x, centre y, width and height of the face on the wall."""
        left, top = self.box_units[:2]
        x0, y0, x1, y1 = self.face_xyxy
        return (
            left + ((x0 + x1) / 2 - self.crop_xyxy[0]) * self.scale,
            top + ((y0 + y1) / 2 - self.crop_xyxy[1]) * self.scale,
            (x1 - x0) * self.scale,
            (y1 - y0) * self.scale,
        )


PICTURES = (
    Picture("obama3.jpg", "Barack Obama", True, (200, 20, 1340, 1540), (647, 259, 920, 613), (500, 270), 330),
    Picture("biden.jpg", "Joe Biden", False, (0, 0, 970, 1293), (433, 175, 711, 567), (930, 270), 330),
    Picture("astronaut.png", "Eileen Collins", False, (31, 0, 415, 512), (178, 63, 268, 177), (1580, 270), 330),
    Picture("obama2.jpg", "Barack Obama", True, (0, 60, 626, 895), (197, 226, 471, 631), (2000, 270), 300),
)

# Second, wall x, wall y, zoom (pixels per unit), turn in degrees; eased from row to row.
CAMERA = (
    (0.0, 105, 300, 1.30, 0.0),
    (0.8, 125, 295, 1.32, 0.0),
    (2.4, 487, 205, 1.72, 0.0),
    (4.0, 495, 200, 1.86, 0.0),
    (5.2, 495, 203, 1.84, 11.0),
    (6.8, 498, 203, 1.82, -10.0),
    (7.8, 500, 215, 1.70, 0.0),
    (9.2, 712, 262, 0.76, 0.0),
    (11.2, 722, 262, 0.77, 0.0),
    (12.4, 940, 205, 1.55, 0.0),
    (13.4, 945, 203, 1.60, -3.0),
    (14.5, 1262, 290, 1.45, 0.0),
    (15.6, 1572, 180, 1.70, 0.0),
    (17.1, 1572, 176, 1.82, 2.0),
    (18.2, 2005, 230, 1.45, 0.0),
    (19.5, 2005, 228, 1.52, -2.0),
    (20.2, 2395, 280, 1.40, 0.0),
    (21.0, 2400, 280, 1.40, 0.0),
    (21.8, 2000, 228, 1.48, 0.0),
    (22.7, 1998, 228, 1.50, 3.0),
    (23.9, 1786, 262, 0.76, 0.0),
    (25.0, 1780, 262, 0.78, 0.0),
)
# Second and value, linear in between.
BRIGHTNESS = (
    (0.0, 0.0),
    (0.6, 1.0),
    (4.0, 1.0),
    (5.4, 0.45),
    (6.6, 0.45),
    (7.8, 1.15),
    (9.2, 1.0),
    (24.3, 1.0),
    (25.0, 0.0),
)
WARMTH = ((4.0, 0.0), (5.4, 0.22), (6.6, 0.22), (7.8, 0.0), (17.6, 0.0), (18.4, -0.10), (22.8, -0.10), (23.6, 0.0))
BLUR_PX = (
    (11.4, 0.0),
    (12.0, 1.2),
    (12.9, 0.0),
    (14.6, 0.0),
    (15.4, 3.2),
    (16.4, 0.0),
    (23.0, 0.0),
    (23.4, 1.0),
    (23.9, 0.0),
)
NOISE = (
    (0.0, 1.5),
    (4.0, 1.5),
    (5.4, 5.0),
    (6.6, 5.0),
    (7.8, 1.5),
    (17.6, 1.5),
    (18.4, 10.0),
    (22.8, 10.0),
    (23.6, 1.5),
)
MOTION_STEPS = 3  # samples of the camera within one exposure


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the video and its ground truth."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=here, help="folder for demo.mp4 and expected.json")
    out: Path = parser.parse_args(arguments).out
    out.mkdir(parents=True, exist_ok=True)
    wall = paint_wall(here / "sources")
    encode(frames(wall), out / "demo.mp4")
    text = json.dumps(expected(), indent=1, ensure_ascii=False)
    (out / "expected.json").write_text(compact_rows(text) + "\n", encoding="utf-8")


def encode(frames_rgb: Iterator[UInt8Array], path: Path) -> None:
    """Write frames as an H.264 file that plays everywhere (8-bit 4:2:0, index first), the same bytes every time."""
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.codec_context.options = {"crf": str(CRF), "preset": "slow", "threads": "1", "g": str(2 * FPS)}
        for frame_rgb in frames_rgb:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame_rgb, format="rgb24")))
        container.mux(stream.encode(None))


def paint_wall(sources: Path) -> Float32Array:
    """Return the wall with its pictures, ``(H, W, 3)`` float32 RGB, 0 to 255."""
    rng = np.random.default_rng(SEED)
    width = round((WALL_RIGHT - WALL_LEFT) * CANVAS_SCALE)
    height = round((WALL_BOTTOM - WALL_TOP) * CANVAS_SCALE)
    ys = np.linspace(WALL_TOP, WALL_BOTTOM, height, dtype=np.float32)[:, None]
    xs = np.linspace(WALL_LEFT, WALL_RIGHT, width, dtype=np.float32)[None, :]
    light = 0.50 - 0.00022 * np.abs(ys - 200)
    for picture in PICTURES:
        cx, cy = picture.centre_xy
        light = light + 0.55 * np.exp(-(((xs - cx) / 240) ** 2 + ((ys - cy + 60) / 300) ** 2))
    plaster = rng.normal(0, 1, (height, width)).astype(np.float32)
    plaster = cv2.GaussianBlur(plaster, (0, 0), 1.2) * 1.5 + cv2.GaussianBlur(plaster, (0, 0), 18) * 18
    canvas: Float32Array = light[:, :, None] * np.array([138, 152, 148], np.float32) + plaster[:, :, None]
    paint_skirting(canvas)
    for picture in PICTURES:
        hang(canvas, picture, sources / picture.file)
    return np.clip(canvas, 0, 255).astype(np.float32)


def paint_skirting(canvas: Float32Array) -> None:
    """Paint the wooden board and the floor at the foot of the wall."""
    board, floor = (round((y - WALL_TOP) * CANVAS_SCALE) for y in (610.0, 680.0))
    canvas[board:floor] = canvas[board:floor] * 0.35 + np.array([120, 116, 108], np.float32) * 0.62
    canvas[board : board + 4] += 26
    canvas[floor - 6 : floor] *= 0.55
    canvas[floor:] = canvas[floor:] * 0.25 + np.array([58, 42, 30], np.float32)


def hang(canvas: Float32Array, picture: Picture, path: Path) -> None:
    """Paint shadow, frame, mat and photograph."""
    left, top, right, bottom = picture.box_units
    outer = MAT_UNITS + FRAME_UNITS
    shadow = np.zeros(canvas.shape[:2], np.float32)
    shadow[units_to_slices(left - outer, top - outer + 12, right + outer, bottom + outer + 16)] = 1
    canvas *= 1 - 0.5 * cv2.GaussianBlur(shadow, (0, 0), 14)[:, :, None]
    wood = np.array([52, 38, 28], np.float32)
    for inset, colour in ((outer, wood), (outer - 2, wood * 1.5), (MAT_UNITS + 2.5, wood * 0.8)):
        canvas[units_to_slices(left - inset, top - inset, right + inset, bottom + inset)] = colour
    canvas[
        units_to_slices(left - MAT_UNITS - 1, top - MAT_UNITS - 1, right + MAT_UNITS + 1, bottom + MAT_UNITS + 1)
    ] = (
        196,
        164,
        98,
    )
    canvas[units_to_slices(left - MAT_UNITS, top - MAT_UNITS, right + MAT_UNITS, bottom + MAT_UNITS)] = (236, 232, 222)
    canvas[units_to_slices(left - 1.5, top - 1.5, right + 1.5, bottom + 1.5)] = (206, 200, 188)
    place = units_to_slices(left, top, right, bottom)
    target = canvas[place]
    target[:] = read_photograph(path, picture, (target.shape[1], target.shape[0]))


def units_to_slices(left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
    """Return the canvas rows and columns of a rectangle on the wall."""
    columns = slice(round((left - WALL_LEFT) * CANVAS_SCALE), round((right - WALL_LEFT) * CANVAS_SCALE))
    return slice(round((top - WALL_TOP) * CANVAS_SCALE), round((bottom - WALL_TOP) * CANVAS_SCALE)), columns


def read_photograph(path: Path, picture: Picture, size: tuple[int, int]) -> Float32Array:
    """Return the shown part of a photograph at the given width and height, float32 RGB."""
    pixels_bgr = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if pixels_bgr is None:
        raise SystemExit(f"{path} is no picture.")
    x0, y0, x1, y1 = picture.crop_xyxy
    crop = cv2.cvtColor(pixels_bgr[y0:y1, x0:x1], cv2.COLOR_BGR2RGB)
    smaller = size[0] < crop.shape[1]
    return cv2.resize(crop, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC).astype(np.float32)


def camera_at(second: float) -> tuple[float, float, float, float]:
    """Return wall x, wall y, zoom and turn in degrees, eased between the rows of ``CAMERA``, with a hand's unrest."""
    table = np.array(CAMERA)
    row = int(np.clip(np.searchsorted(table[:, 0], second, side="right") - 1, 0, len(table) - 2))
    share = float(np.clip((second - table[row, 0]) / (table[row + 1, 0] - table[row, 0]), 0, 1))
    x, y, zoom, turn = table[row, 1:] + (table[row + 1, 1:] - table[row, 1:]) * (share * share * (3 - 2 * share))
    sway = [np.sin(second * rate + phase) for rate, phase in ((1.9, 0.3), (2.7, 1.1), (1.3, 2.0))]
    return float(x + 1.6 * sway[0]), float(y + 1.3 * sway[1]), float(zoom), float(turn + 0.35 * sway[2])


def wall_to_frame(second: float) -> npt.NDArray[np.float64]:
    """Return the ``(2, 3)`` transform from units of the wall to pixels of the frame."""
    x, y, zoom, turn = camera_at(second)
    c, s = zoom * np.cos(np.radians(turn)), zoom * np.sin(np.radians(turn))
    linear = np.array([[c, -s], [s, c]])
    return np.hstack([linear, (np.array([WIDTH_PX / 2, HEIGHT_PX / 2]) - linear @ [x, y])[:, None]])


def frames(wall: Float32Array) -> Iterator[UInt8Array]:
    """Yield every frame, ``(360, 640, 3)`` uint8 RGB."""
    rng = np.random.default_rng(SEED + 1)
    for index in range(round(DURATION_S * FPS)):
        second = index / FPS
        exposure = [photograph(wall, second + step * 0.5 / FPS / MOTION_STEPS) for step in range(MOTION_STEPS)]
        yield develop(np.mean(exposure, axis=0, dtype=np.float32), second, rng)


def photograph(wall: Float32Array, second: float) -> Float32Array:
    """Return what the camera sees at one instant, float32 RGB."""
    canvas_to_wall = np.array([[1 / CANVAS_SCALE, 0, WALL_LEFT], [0, 1 / CANVAS_SCALE, WALL_TOP], [0, 0, 1]])
    matrix = SUPERSAMPLING * wall_to_frame(second) @ canvas_to_wall
    size = (WIDTH_PX * SUPERSAMPLING, HEIGHT_PX * SUPERSAMPLING)
    large = cv2.warpAffine(wall, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(large, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA).astype(np.float32)


def develop(light: Float32Array, second: float, rng: np.random.Generator) -> UInt8Array:
    """Apply focus, colour of the light, brightness, vignette and sensor noise of the moment."""
    blur_px = value_at(BLUR_PX, second)
    if blur_px > 0.05:
        light = cv2.GaussianBlur(light, (0, 0), blur_px).astype(np.float32)
    warmth = value_at(WARMTH, second)
    light = light * (value_at(BRIGHTNESS, second) * np.array([1 + warmth, 1, 1 - warmth], np.float32))
    ys, xs = np.mgrid[-1 : 1 : HEIGHT_PX * 1j, -1 : 1 : WIDTH_PX * 1j]
    light *= (1 - 0.16 * (xs**2 + ys**2) / 2)[:, :, None]
    grain = rng.normal(0, 1, (HEIGHT_PX, WIDTH_PX, 1)) * 0.75 + rng.normal(0, 0.65, (HEIGHT_PX, WIDTH_PX, 3))
    fade = min(1.0, value_at(BRIGHTNESS, second) * 4)
    return np.clip(light + grain * value_at(NOISE, second) * fade, 0, 255).astype(np.uint8)


def value_at(table: Sequence[tuple[float, float]], second: float) -> float:
    """Return the value of a (second, value) table, linear between rows and constant beyond them."""
    return float(np.interp(second, [row[0] for row in table], [row[1] for row in table]))


def face_in_frame(picture: Picture, index: int) -> tuple[float, float, float, float]:
    """Return centre x, centre y, width and height of a picture's face in a frame, pixels."""
    x, y, width, height = picture.face_units()
    centre = wall_to_frame(index / FPS) @ [x, y, 1]
    zoom = camera_at(index / FPS)[2]
    return float(centre[0]), float(centre[1]), width * zoom, height * zoom


def share_in_frame(face: tuple[float, float, float, float]) -> float:
    """Return how much of a face's box lies inside the frame, 0 to 1."""
    x, y, width, height = face
    inside_x = max(0.0, min(x + width / 2, WIDTH_PX) - max(x - width / 2, 0.0))
    inside_y = max(0.0, min(y + height / 2, HEIGHT_PX) - max(y - height / 2, 0.0))
    return inside_x * inside_y / (width * height)


def expected() -> dict[str, Any]:
    """Return the ground truth: who is where, from which frame to which."""
    count = round(DURATION_S * FPS)
    bright = {index: value_at(BRIGHTNESS, index / FPS) for index in range(count)}
    appearances: list[dict[str, Any]] = []
    for picture in PICTURES:
        shares = [share_in_frame(face_in_frame(picture, index)) for index in range(count)]
        whole = [index for index in range(count) if shares[index] >= 0.99 and bright[index] >= 0.3]
        some = [index for index in range(count) if shares[index] > 0 and bright[index] > 0]
        for first, last in runs(whole):
            appearances.append(appearance(picture, first, last, some))
    appearances.sort(key=lambda entry: (entry["first_frame"], entry["person"]))
    return {
        "video": "demo.mp4",
        "width_px": WIDTH_PX,
        "height_px": HEIGHT_PX,
        "fps": FPS,
        "frames": count,
        "enrolled": sorted({picture.person for picture in PICTURES if picture.enrolled} | {"Grace Hopper"}),
        "appearances": appearances,
    }


def appearance(picture: Picture, first: int, last: int, some: Sequence[int]) -> dict[str, Any]:
    """Return one entry of the ground truth; its ``face`` rows are every fifth frame and the last."""
    in_sight = next(run for run in runs(some) if run[0] <= first <= run[1])
    rows = sorted({*range(first, last + 1, 5), last})
    return {
        "person": picture.person,
        "enrolled": picture.enrolled,
        "photograph": picture.file,
        "first_frame": first,
        "last_frame": last,
        "partly_from_frame": in_sight[0],
        "partly_to_frame": in_sight[1],
        "face_columns": ["frame", "centre_x_px", "centre_y_px", "width_px", "height_px"],
        "face": [[index, *(round(value) for value in face_in_frame(picture, index))] for index in rows],
    }


def runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and last number of each uninterrupted run."""
    found: list[tuple[int, int]] = []
    for index in indices:
        if found and found[-1][1] == index - 1:
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return found


def compact_rows(text: str) -> str:
    """Put each innermost list of numbers or strings on one line."""
    return re.sub(r"\[\s*([^][{}]+?)\s*\]", lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", text)


if __name__ == "__main__":
    main()
