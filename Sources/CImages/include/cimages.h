// Reading PNG through libpng, whose errors jump over frames that only C may have.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Size of a PNG, from its header alone. Returns 0, or -1 with a reason.
int cimages_png_size(
    const uint8_t* _Nonnull bytes, size_t count, uint32_t* _Nonnull width, uint32_t* _Nonnull height,
    char* _Nonnull reason, size_t capacity);

/// Decodes a PNG to RGB, three bytes a pixel: alpha is dropped, palettes are looked up, high bytes are kept of 16 bits
/// (16-bit gray is clipped at 255 instead, as Pillow does). `rgb` holds width · height · 3 bytes.
/// What libpng only warns of (a wrong checksum, pixels without a colour) is an error here. Returns 0, or -1 with a
/// reason.
int cimages_png_decode(
    const uint8_t* _Nonnull bytes, size_t count, uint8_t* _Nonnull rgb, uint32_t width, uint32_t height,
    char* _Nonnull reason, size_t capacity);

/// Opacity of each pixel of a PNG file that `cimages_png_decode` has read: 1 where the file says any, 0 where it says
/// none and `alpha` is left alone, -1 where it cannot be read.
int cimages_png_alpha(
    const uint8_t* _Nonnull bytes, size_t count, uint8_t* _Nonnull alpha, uint32_t width, uint32_t height);
