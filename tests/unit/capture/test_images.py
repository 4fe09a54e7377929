"""Pictures from disk: every kind that people have, and files that are none."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from facerec_app.capture.images import iter_image_files, read_image, write_jpeg, write_png
from facerec_app.core.errors import OutputWriteError, UnreadableImageError
from facerec_app.core.types import UInt8Array

PICTURE = Path(__file__).parents[3] / "assets" / "demo" / "people" / "Grace_Hopper" / "grace_hopper.jpg"


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    with Image.open(PICTURE) as image:
        return image.convert("RGB")


def pixels_of(image: Image.Image) -> UInt8Array:
    return np.array(image.convert("RGB"), np.uint8)


def mean_difference(left: UInt8Array, right: UInt8Array) -> float:
    assert left.shape == right.shape
    return float(np.abs(left.astype(np.int16) - right.astype(np.int16)).mean())


@pytest.mark.parametrize(
    ("suffix", "tolerance"),
    [(".jpg", 3.0), (".png", 0.0), (".bmp", 0.0), (".tiff", 0.0), (".webp", 4.0), (".heic", 4.0)],
)
def test_every_format_gives_the_same_picture(
    portrait: Image.Image, tmp_path: Path, suffix: str, tolerance: float
) -> None:
    pillow_heif.register_heif_opener()
    path = tmp_path / f"portrait{suffix}"
    portrait.save(path, quality=95) if suffix in {".jpg", ".webp", ".heic"} else portrait.save(path)
    pixels = read_image(path)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert mean_difference(pixels, pixels_of(portrait)) <= tolerance


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_exif_orientation_is_honoured(portrait: Image.Image, tmp_path: Path, orientation: int, suffix: str) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = portrait if orientation == 1 else portrait.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned{suffix}"
    stored.save(path, exif=exif, quality=95)  # PNG has no quality and ignores it
    assert mean_difference(read_image(path), pixels_of(portrait)) < 3.0


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tiff"])
def test_grey_pictures_become_rgb(portrait: Image.Image, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"grey{suffix}"
    portrait.convert("L").save(path)
    pixels = read_image(path)
    assert pixels.shape[2] == 3
    assert np.array_equal(pixels[..., 0], pixels[..., 2])
    assert mean_difference(pixels, pixels_of(portrait.convert("L"))) < 4.0


def test_sixteen_bits_are_scaled_and_not_cut(portrait: Image.Image, tmp_path: Path) -> None:
    grey = np.array(portrait.convert("L"), np.uint16)
    path = tmp_path / "deep.png"
    Image.fromarray(grey * 257).save(path)
    assert mean_difference(read_image(path)[..., 0], grey.astype(np.uint8)) == 0.0


def test_cmyk_keeps_its_colours(portrait: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "print.jpg"
    portrait.convert("CMYK").save(path, quality=95)
    assert mean_difference(read_image(path), pixels_of(portrait)) < 4.0


def test_palettes_keep_their_colours(portrait: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "palette.png"
    palette = portrait.quantize(256)
    palette.save(path)
    assert mean_difference(read_image(path), pixels_of(palette)) == 0.0


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_are_white(portrait: Image.Image, tmp_path: Path, mode: str) -> None:
    mask = Image.new("L", portrait.size, 255)
    mask.paste(0, (0, 0, 50, 50))
    path = tmp_path / "cut_out.png"
    if mode == "P":
        palette = portrait.quantize(255)
        palette.putpalette([*(palette.getpalette() or [])[: 3 * 255], 0, 255, 0])
        palette.paste(255, (0, 0, 50, 50))
        palette.save(path, transparency=255)
    else:
        base = portrait.convert(mode)
        base.putalpha(mask)
        base.save(path)
    pixels = read_image(path)
    assert (pixels[:50, :50] == 255).all()
    assert mean_difference(pixels[60:], pixels_of(portrait.convert("L" if mode == "LA" else "RGB"))[60:]) < 9.0


@pytest.mark.parametrize("write", [write_jpeg, write_png])
def test_a_picture_too_large_for_its_format_is_one_line_and_no_file(
    tmp_path: Path, write: Callable[[Path, UInt8Array], None]
) -> None:
    path = tmp_path / "sheet.jpg"
    with pytest.raises(OutputWriteError, match=r"1 x 1100000 px") as error:
        write(path, np.zeros((1_100_000, 1, 3), np.uint8))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_links_that_lead_nowhere_to_themselves_or_out_of_the_folder_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "picture.jpg").write_bytes(PICTURE.read_bytes())
    try:
        (folder / "again.jpg").symlink_to("picture.jpg")
    except OSError:
        pytest.skip("this system does not let the test make links")
    (folder / "itself.jpg").symlink_to("itself.jpg")
    (folder / "there.jpg").symlink_to("back.jpg")
    (folder / "back.jpg").symlink_to("there.jpg")
    (folder / "nowhere.jpg").symlink_to("missing.jpg")
    (folder / "outside.jpg").symlink_to(PICTURE)
    assert [file.name for file in iter_image_files(folder, recursive=True)] == ["again.jpg", "picture.jpg"]


@pytest.mark.parametrize("name", ["Jürgen Müller.jpg", "伏見 稲荷.jpg", "Ωmega – 100% #1.jpg", "a'b.jpg"])
def test_names_may_hold_any_letters(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(PICTURE.read_bytes())
    assert read_image(path).shape[2] == 3


def one_line(error: pytest.ExceptionInfo[UnreadableImageError], path: Path) -> None:
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.1, 0.5, 0.98])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp", ".heic", ".tiff"])
def test_a_file_that_is_cut_off_is_refused(portrait: Image.Image, tmp_path: Path, suffix: str, kept: float) -> None:
    pillow_heif.register_heif_opener()
    whole = tmp_path / f"whole{suffix}"
    portrait.save(whole)
    path = tmp_path / f"cut_off{suffix}"
    data = whole.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(UnreadableImageError) as error:
        read_image(path)
    one_line(error, path)


def test_files_that_are_no_pictures_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for number, data in enumerate(
        [b"hello", b"%PDF-1.4", rng.bytes(4000), b"\xff\xd8\xff" + rng.bytes(4000), b"BM" * 50]
    ):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(data)
        with pytest.raises(UnreadableImageError) as error:
            read_image(path)
        one_line(error, path)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.jpg", tmp_path):
        with pytest.raises(UnreadableImageError) as error:
            read_image(path)
        one_line(error, path)


def test_pictures_damaged_anywhere_are_read_or_refused_but_never_crash(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    data = bytearray(PICTURE.read_bytes())
    path = tmp_path / "damaged.jpg"
    outcomes = set()
    for _ in range(60):
        damaged = data.copy()
        start = int(rng.integers(0, len(data) - 64))
        damaged[start : start + 64] = rng.bytes(64)
        path.write_bytes(damaged)
        try:
            outcomes.add(read_image(path).shape[2])
        except UnreadableImageError:
            outcomes.add(0)
    assert outcomes <= {0, 3}


def huge_png(path: Path, side: int) -> None:
    """Write a valid PNG of side x side black pixels, one bit each; 30,000 x 30,000 take 109 KB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""))


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory with getrusage")
def test_a_huge_picture_is_refused_without_taking_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    huge_png(path, 30_000)
    assert path.stat().st_size < 150_000
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from facerec_app.capture.images import read_image\n"
        "from facerec_app.core.errors import UnreadableImageError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_image(Path(sys.argv[1]))\nexcept UnreadableImageError as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    message, grown_kb = done.stdout.splitlines()
    assert "120 million pixels" in message
    assert int(grown_kb) < 10_000
    assert done.stderr == ""


def test_the_limit_on_pixels_can_be_chosen() -> None:
    height, width = read_image(PICTURE).shape[:2]
    assert read_image(PICTURE, max_pixels=height * width).shape == (height, width, 3)
    with pytest.raises(UnreadableImageError, match="million pixels"):
        read_image(PICTURE, max_pixels=height * width - 1)


def test_written_pictures_read_back(portrait: Image.Image, tmp_path: Path) -> None:
    pixels = pixels_of(portrait)
    write_png(tmp_path / "a.png", pixels)
    write_jpeg(tmp_path / "a.jpg", pixels)
    assert np.array_equal(read_image(tmp_path / "a.png"), pixels)
    assert mean_difference(read_image(tmp_path / "a.jpg"), pixels) < 3.0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "a.png"]


def test_a_picture_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    with pytest.raises(OutputWriteError, match="missing"):
        write_jpeg(tmp_path / "missing" / "a.jpg", np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(OutputWriteError, match=r"taken\.png"):
        write_png(tmp_path / "taken.png", np.zeros((4, 4, 3), np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]


def test_a_folders_pictures_come_in_natural_order_without_hidden_ones(tmp_path: Path) -> None:
    for name in ["img10.jpg", "img2.JPG", "a.png", ".hidden.jpg", "notes.txt", "sub/b.webp", ".git/c.jpg"]:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"x")
    names = [path.relative_to(tmp_path).as_posix() for path in iter_image_files(tmp_path)]
    assert names == ["a.png", "img2.JPG", "img10.jpg"]
    names = [path.relative_to(tmp_path).as_posix() for path in iter_image_files(tmp_path, recursive=True)]
    assert names == ["a.png", "img2.JPG", "img10.jpg", "sub/b.webp"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    folder = tmp_path / "folder"
    for place in (outside, folder):
        place.mkdir()
    (outside / "secret.jpg").write_bytes(b"x")
    (folder / "own.jpg").write_bytes(b"x")
    (folder / "out.jpg").symlink_to(outside / "secret.jpg")
    (folder / "within.jpg").symlink_to(folder / "own.jpg")
    (folder / "tree").symlink_to(outside)
    (folder / "circle").symlink_to(folder)
    (folder / "broken.jpg").symlink_to(folder / "nothing.jpg")
    names = [path.name for path in iter_image_files(folder, recursive=True)]
    assert names == ["own.jpg", "within.jpg"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="nothing"):
        list(iter_image_files(tmp_path / "nothing"))


def test_shared_pictures_with_an_alpha_channel_and_others_are_read(test_data_dir: Path) -> None:
    for path in iter_image_files(test_data_dir / "photos" / "scenes"):
        assert read_image(path).shape[2] == 3
