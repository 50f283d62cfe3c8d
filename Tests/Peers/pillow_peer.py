"""Writes varied images with Pillow, and what Pillow makes of them.

    pillow_peer.py FOLDER

For each image N there is a file `N.<format>`, its RGB pixels `N.rgb` and its luma `N.gray` (EXIF orientation applied);
for some, at several resolutions, the official crop, squash and pad as `N.<kind>.<resolution>`, and plain resizes as
`N.resize.<width>x<height>`. `index.json` lists them. With PyTorch there are masks `mask.<i>` too, and the positions they
cover as `mask.<i>.<side>`, listed in `masks.json`.
"""

import ctypes
import ctypes.util
import io
import json
import os
import struct
import sys
import warnings
import zlib

import numpy
import PIL
from PIL import Image, ImageOps

ALWAYS_ROWS_FIRST = int(PIL.__version__.split(".")[0]) < 12


def resize(image, size):
    """Rows first, then columns, as Pillow did while the official code was written.

    Pillow 13 begins with the columns where that is less work, which rounds differently.
    """
    if ALWAYS_ROWS_FIRST:
        return image.resize(size, Image.Resampling.BICUBIC)
    return image.resize((size[0], image.height), Image.Resampling.BICUBIC).resize(size, Image.Resampling.BICUBIC)


def crop(image, resolution):
    width, height = image.size
    if width <= height:
        size = (resolution, int(resolution * height / width))
    else:
        size = (int(resolution * width / height), resolution)
    image = resize(image, size)
    left, top = (int(round((side - resolution) / 2.0)) for side in image.size)
    return image.crop((left, top, left + resolution, top + resolution))


def pad(image, resolution):
    side = max(image.size)
    square = Image.new("RGB", (side, side), (255, 255, 255))
    square.paste(image, (0, 0))
    return resize(square, (resolution, resolution))


def squash(image, resolution):
    return resize(image, (resolution, resolution))


def waves(random, width, height, channels):
    y, x = numpy.mgrid[0:height, 0:width]
    layers = [127 + 120 * numpy.sin(x / (5 + c) + y / (9 - c)) for c in range(channels)]
    noise = random.integers(-7, 8, (height, width, channels))
    return (numpy.stack(layers, -1) + noise).clip(0, 255).astype(numpy.uint8)


def saved(image, extension, **options):
    file = io.BytesIO()
    image.save(file, format={"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[extension], **options)
    return file.getvalue()


def tiff(orientation, order, kind=3):
    """An EXIF block: one entry, of a 16-bit (3) or 32-bit (4) number in little (<) or big (>) endian."""
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *((orientation, 0) if kind == 3 else (orientation,)))
    start = (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, 1)
    return start + struct.pack(order + "HHI", 0x0112, kind, 1) + value + struct.pack(order + "I", 0)


def png(samples, depth, color, interlaced, extra=()):
    """A PNG of kinds that Pillow does not write; `samples` is [height, width, channels]."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    def rows(part):
        if part.shape[0] == 0 or part.shape[1] == 0:
            return b""
        lines = []
        for row in part.reshape(part.shape[0], -1):
            if depth == 16:
                line = row.astype(">u2").tobytes()
            else:
                bits = ((row[:, None] >> numpy.arange(depth - 1, -1, -1)) & 1).astype(numpy.uint8)
                line = numpy.packbits(bits.reshape(-1)).tobytes()
            lines.append(b"\0" + line)
        return b"".join(lines)

    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes] if interlaced else [samples]
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, color, 0, 0, int(interlaced))
    data = zlib.compress(b"".join(map(rows, parts)))
    middle = len(data) // 2
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"gAMA", struct.pack(">I", 45455))
        + b"".join(chunk(name, body) for name, body in extra)
        + chunk(b"IDAT", data[:middle]) + chunk(b"IDAT", data[middle:]) + chunk(b"IEND", b"")
    )


def pngs(random):
    for width, height in [(1, 1), (5, 3), (33, 21)]:
        for interlaced in (False, True):
            for color, channels, depths in [(0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (4, 2, (8, 16)), (6, 4, (8, 16))]:
                for depth in depths:
                    samples = random.integers(0, 1 << depth, (height, width, channels))
                    yield f"png {color}/{depth}", "png", png(samples, depth, color, interlaced)
            for depth in (1, 2, 4, 8):
                colors = 1 << depth
                samples = random.integers(0, colors, (height, width, 1))
                palette = (b"PLTE", random.integers(0, 256, colors * 3).astype(numpy.uint8).tobytes())
                clear = (b"tRNS", random.integers(0, 256, colors).astype(numpy.uint8).tobytes())
                yield f"png 3/{depth}", "png", png(samples, depth, 3, interlaced, [palette])
                yield f"png 3/{depth} clear", "png", png(samples, depth, 3, interlaced, [palette, clear])
    samples = random.integers(0, 256, (9, 9, 3))
    yield "png 2/8 clear", "png", png(samples, 8, 2, False, [(b"tRNS", samples[0, 0].astype(">u2").tobytes())])
    samples = random.integers(0, 256, (9, 9, 1))
    yield "png 0/8 clear", "png", png(samples, 8, 0, False, [(b"tRNS", samples[0, 0].astype(">u2").tobytes())])


def turbo_jpegs(random):
    """Kinds that Pillow does not write: YCCK, and the rarer subsamplings."""
    name = ctypes.util.find_library("turbojpeg")
    if name is None:
        return
    turbo = ctypes.CDLL(name)
    turbo.tjInitCompress.restype = ctypes.c_void_p
    for channels, pixel_format, samplings in [(3, 0, range(6)), (4, 11, (0, 1, 2))]:
        for sampling in samplings:
            pixels = waves(random, 61, 47, channels)
            file, size = ctypes.c_void_p(), ctypes.c_ulong()
            failed = turbo.tjCompress2(
                ctypes.c_void_p(turbo.tjInitCompress()), pixels.tobytes(), 61, 0, 47, pixel_format, ctypes.byref(file),
                ctypes.byref(size), sampling, 85, 0)
            if not failed:
                kind = f"jpeg {'YCCK' if channels == 4 else 'RGB'} sampling {sampling}"
                yield kind, "jpg", ctypes.string_at(file, size.value)


def files(random):
    for mode, channels in [("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4), ("CMYK", 4)]:
        for width, height in [(61, 47), (32, 100), (1, 1), (7, 2)]:
            pixels = waves(random, width, height, channels)
            picture = Image.fromarray(pixels.squeeze(-1) if channels == 1 else pixels, mode)
            if mode != "CMYK":
                yield mode, "png", saved(picture, "png")
            if mode in ("L", "RGB", "CMYK"):
                yield mode, "jpg", saved(picture, "jpg", quality=88)
                yield mode, "jpg", saved(picture, "jpg", quality=70, progressive=True, subsampling=0)
                options = {"quality": 95, "restart_marker_rows": 1, "optimize": True}
                yield mode, "jpg", saved(picture, "jpg", **options, subsampling=0 if mode == "CMYK" else 1)
            if mode in ("RGB", "RGBA"):
                yield mode, "webp", saved(picture, "webp", quality=80)
                yield mode, "webp", saved(picture, "webp", lossless=True, exact=True)
                yield mode, "webp", saved(picture, "webp", quality=60, alpha_quality=50, method=6)
    rgb = Image.fromarray(random.integers(0, 256, (40, 50, 3)).astype(numpy.uint8))
    yield "P", "png", saved(rgb.quantize(37), "png")
    yield "P", "png", saved(rgb.quantize(16), "png", transparency=3)
    yield "1", "png", saved(rgb.convert("1"), "png")
    yield "I;16", "png", saved(Image.fromarray(random.integers(0, 65536, (21, 33)).astype(numpy.uint16)), "png")
    # Only cyan at full size: TurboJPEG does not read that, and we say so.
    picture = Image.fromarray(waves(random, 61, 47, 4), "CMYK")
    yield "unsupported", "jpg", saved(picture, "jpg", subsampling=1)
    yield "large", "jpg", saved(Image.fromarray(waves(random, 801, 533, 3)), "jpg", quality=92)
    small = Image.fromarray(waves(random, 21, 13, 3))
    for extension in ("jpg", "png", "webp"):
        for orientation in range(0, 10):
            exif = b"Exif\0\0" + tiff(orientation, "<" if orientation % 2 else ">")
            yield f"orientation {orientation}", extension, saved(small, extension, exif=exif)
        yield "orientation, 32 bits", extension, saved(small, extension, exif=b"Exif\0\0" + tiff(6, ">", 4))
    yield from pngs(random)
    yield from turbo_jpegs(random)


def masks(random, folder):
    try:
        import torch
    except ImportError:
        return
    listed = []
    for i, side in enumerate([16, 64, 100, 256, 512]):
        mask = waves(random, side, side, 1).squeeze(-1)
        if i % 2:
            mask = numpy.where(mask > 127, 255, 0).astype(numpy.uint8)
        with open(os.path.join(folder, f"mask.{i}"), "wb") as file:
            file.write(mask.tobytes())
        for target in (1, 7, 16, 32):
            plane = torch.from_numpy(mask).float()[None, None] / 255
            found = torch.nn.functional.interpolate(plane, size=(target, target), mode="bicubic")
            with open(os.path.join(folder, f"mask.{i}.{target}"), "wb") as file:
                file.write((found >= 0.5).numpy().astype(numpy.uint8).tobytes())
            listed.append({"name": f"mask.{i}", "from": side, "side": target})
    with open(os.path.join(folder, "masks.json"), "w") as file:
        json.dump(listed, file)


def main(folder):
    def write(name, data):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)

    warnings.filterwarnings("ignore", "Palette images with Transparency")
    random = numpy.random.default_rng(5)
    index = []
    for kind, extension, data in files(random):
        name = str(len(index))
        write(f"{name}.{extension}", data)
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        gray, image = image.convert("L"), image.convert("RGB")
        write(name + ".rgb", image.tobytes())
        write(name + ".gray", gray.tobytes())
        made, sizes = [], []
        if not kind.startswith(("png", "orientation")):
            for preprocessing, function in [("crop", crop), ("squash", squash), ("pad", pad)]:
                for resolution in (16, 64, 97, 256) if kind == "large" else (16, 97):
                    write(f"{name}.{preprocessing}.{resolution}", function(image, resolution).tobytes())
                    made.append({"kind": preprocessing, "resolution": resolution})
            for width, height in [(1, 1), (120, 30), (13, 200), (image.width, 5), (5, image.height)]:
                write(f"{name}.resize.{width}x{height}", resize(image, (width, height)).tobytes())
                sizes.append([width, height])
        index.append({
            "file": f"{name}.{extension}", "name": name, "mode": kind, "width": image.width, "height": image.height,
            "made": made, "sizes": sizes})
    with open(os.path.join(folder, "index.json"), "w") as file:
        json.dump(index, file)
    masks(random, folder)


if __name__ == "__main__":
    main(sys.argv[1])
