#include "cimages.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const uint8_t* bytes;
    size_t count, at;
    char* reason;
    size_t capacity;
    jmp_buf escape;
} source_t;

static void fail(png_structp png, png_const_charp message) {
    source_t* source = png_get_error_ptr(png);
    strncpy(source->reason, message, source->capacity - 1);
    source->reason[source->capacity - 1] = 0;
    longjmp(source->escape, 1);
}

/// Chunks that say nothing about pixels are skipped (see `open_png`), so a warning means damage to the picture.
static void warn(png_structp png, png_const_charp message) {
    png_error(png, message);
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
    source_t* source = png_get_io_ptr(png);
    if (count > source->count - source->at) {
        png_error(png, "the file ends too early");
    }
    memcpy(target, source->bytes + source->at, count);
    source->at += count;
}

/// Opens the file and reads all chunks before the pixels; the caller has set the escape.
static void open_png(png_structp png, png_infop info, source_t* source) {
    png_set_read_fn(png, source, read_bytes);
    // Text, colour profiles and the like, which could unpack to much memory and are often slightly wrong.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_chunk_malloc_max(png, 1 << 20);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(png, info);
}

int cimages_png_size(
    const uint8_t* bytes, size_t count, uint32_t* width, uint32_t* height, char* reason, size_t capacity) {
    // Signature (8), length and name of IHDR (8), then the two sizes.
    static const uint8_t start[16] = {137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
    if (count < 33 || memcmp(bytes, start, sizeof start) != 0) {
        strncpy(reason, "it has no PNG header", capacity - 1);
        reason[capacity - 1] = 0;
        return -1;
    }
    *width = (uint32_t)bytes[16] << 24 | (uint32_t)bytes[17] << 16 | (uint32_t)bytes[18] << 8 | bytes[19];
    *height = (uint32_t)bytes[20] << 24 | (uint32_t)bytes[21] << 16 | (uint32_t)bytes[22] << 8 | bytes[23];
    return 0;
}

int cimages_png_decode(
    const uint8_t* bytes, size_t count, uint8_t* rgb, uint32_t width, uint32_t height, char* reason, size_t capacity) {
    source_t source = {.bytes = bytes, .count = count, .at = 0, .reason = reason, .capacity = capacity};
    png_infop info = NULL;
    uint8_t* volatile raw = NULL;  // 16-bit gray, or places in a palette
    png_bytep* volatile rows = NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, fail, warn);
    if (png == NULL || (info = png_create_info_struct(png)) == NULL) {
        strncpy(reason, "libpng could not be started", capacity - 1);
        reason[capacity - 1] = 0;
        png_destroy_read_struct(&png, &info, NULL);
        return -1;
    }
    if (setjmp(source.escape) != 0) {
        free((void*)rows);
        free(raw);
        png_destroy_read_struct(&png, &info, NULL);
        return -1;
    }
    png_set_user_limits(png, width, height);
    open_png(png, info, &source);
    const int type = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
    if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height) {
        png_error(png, "its header changed while it was read");
    }
    const int is_gray = (type & PNG_COLOR_MASK_COLOR) == 0;
    const int clips = type == PNG_COLOR_TYPE_GRAY && depth == 16, indexes = type == PNG_COLOR_TYPE_PALETTE;
    if (depth < 8) {
        is_gray ? png_set_expand_gray_1_2_4_to_8(png) : png_set_packing(png);
    }
    if (depth == 16 && !clips) {
        png_set_strip_16(png);
    }
    if (type & PNG_COLOR_MASK_ALPHA) {
        png_set_strip_alpha(png);
    }
    if (is_gray && !clips) {
        png_set_gray_to_rgb(png);
    }
    png_set_interlace_handling(png);
    png_read_update_info(png, info);

    const size_t stride = (size_t)width * (clips ? 2 : indexes ? 1 : 3), pixels = (size_t)width * height;
    if (png_get_rowbytes(png, info) != stride) {
        png_error(png, "its rows have an unexpected length");
    }
    uint8_t* target = rgb;
    if (clips || indexes) {
        raw = malloc(stride * height);
        target = raw;
    }
    rows = malloc(sizeof(png_bytep) * height);
    if (rows == NULL || target == NULL) {
        png_error(png, "out of memory");
    }
    for (uint32_t y = 0; y < height; ++y) {
        rows[y] = target + y * stride;
    }
    png_read_image(png, (png_bytepp)rows);
    png_read_end(png, NULL);
    if (clips) {
        for (size_t i = 0; i < pixels; ++i) {
            const uint8_t value = raw[2 * i] != 0 ? 255 : raw[2 * i + 1];
            memset(rgb + 3 * i, value, 3);
        }
    } else if (indexes) {
        // Not left to libpng, which paints colours that the palette lacks black.
        png_colorp palette = NULL;
        int count = 0;
        png_get_PLTE(png, info, &palette, &count);
        for (size_t i = 0; i < pixels; ++i) {
            if (raw[i] >= count) {
                png_error(png, "a pixel has a colour that its palette lacks");
            }
            const png_color color = palette[raw[i]];
            rgb[3 * i] = color.red;
            rgb[3 * i + 1] = color.green;
            rgb[3 * i + 2] = color.blue;
        }
    }
    free((void*)rows);
    free(raw);
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
}

int cimages_png_alpha(const uint8_t* bytes, size_t count, uint8_t* alpha, uint32_t width, uint32_t height) {
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image, bytes, count)) {
        return -1;
    }
    if ((image.format & PNG_FORMAT_FLAG_ALPHA) == 0 || image.width != width || image.height != height) {
        png_image_free(&image);
        return 0;
    }
    image.format = PNG_FORMAT_RGBA;
    const size_t pixels = (size_t)width * height;
    uint8_t* rgba = malloc(4 * pixels);
    if (rgba == NULL || !png_image_finish_read(&image, NULL, rgba, 0, NULL)) {
        png_image_free(&image);
        free(rgba);
        return -1;
    }
    for (size_t i = 0; i < pixels; ++i) {
        alpha[i] = rgba[4 * i + 3];
    }
    free(rgba);
    return 1;
}
