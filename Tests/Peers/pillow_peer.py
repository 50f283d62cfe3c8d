"""Writes varied images with Pillow, and what Pillow makes of them.

    pillow_peer.py FOLDER

For each image N there is a file `N.<format>`, its RGB pixels `N.rgb` (EXIF orientation applied), and for each of
several resolutions the official crop, squash and pad as `N.<kind>.<resolution>`. `index.json` lists them.
"""

import json
import os
import sys

import numpy
from PIL import Image, ImageOps


def resize(image, size):
    """Rows first, then columns, as Pillow did while the official code was written.

    Pillow 13 begins with the columns where that is less work, which rounds differently.
    """
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


def pictures(random):
    for mode, channels in [("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4), ("CMYK", 4)]:
        for width, height in [(61, 47), (32, 100)]:
            y, x = numpy.mgrid[0:height, 0:width]
            waves = [127 + 120 * numpy.sin(x / (5 + c) + y / (9 - c)) for c in range(channels)]
            noise = random.integers(-7, 8, (height, width, channels))
            array = (numpy.stack(waves, -1) + noise).clip(0, 255).astype(numpy.uint8)
            yield mode, Image.fromarray(array.squeeze(), mode if channels > 1 else "L")
    rgb = Image.fromarray(random.integers(0, 256, (40, 50, 3)).astype(numpy.uint8))
    yield "P", rgb.quantize(37)
    yield "1", rgb.convert("1")
    yield "I;16", Image.fromarray(random.integers(0, 65536, (21, 33)).astype(numpy.uint16))


def main(folder):
    random = numpy.random.default_rng(5)
    index = []
    for mode, picture in pictures(random):
        files = []
        if mode != "CMYK":
            files.append(("png", {}))
        if mode in ("L", "RGB", "CMYK"):
            files += [("jpg", {"quality": 88}), ("jpg", {"quality": 70, "progressive": True, "subsampling": 0})]
        if mode == "RGB":
            exif = Image.Exif()
            exif[0x0112] = 6
            files += [("jpg", {"exif": exif}), ("png", {"exif": exif})]
        if mode in ("RGB", "RGBA"):
            files += [("webp", {"quality": 80}), ("webp", {"lossless": True, "exact": True})]
        for extension, options in files:
            name = str(len(index))
            path = os.path.join(folder, f"{name}.{extension}")
            picture.save(path, **options)
            image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
            with open(os.path.join(folder, name + ".rgb"), "wb") as file:
                file.write(image.tobytes())
            made = []
            for kind, function in [("crop", crop), ("squash", squash), ("pad", pad)]:
                for resolution in (16, 64, 97):
                    with open(os.path.join(folder, f"{name}.{kind}.{resolution}"), "wb") as file:
                        file.write(function(image, resolution).tobytes())
                    made.append({"kind": kind, "resolution": resolution})
            index.append({"file": f"{name}.{extension}", "name": name, "mode": mode, "made": made})
    with open(os.path.join(folder, "index.json"), "w") as file:
        json.dump(index, file)


if __name__ == "__main__":
    main(sys.argv[1])
