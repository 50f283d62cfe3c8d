// Reads Parquet columns of bytes for Sources/Datasets/Parquet, which loads this library at run time.
//
// A C interface over Apache Arrow's low-level Parquet reader: a column chunk becomes one buffer of bytes with offsets,
// whatever its encoding, compression or Arrow type. Built by recipes/parquet. No C++ exception leaves this file: a
// function that can fail returns 0 and puts a line of text into `error`.

#include <arrow/memory_pool.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/// The functions of the interface; everything else stays out of the way of other libraries.
#define EXPORT __attribute__((visibility("default")))

namespace {

/// Raised when a function is added, removed or changed; the caller refuses any other number.
constexpr int32_t interface_version = 1;

/// Values decoded in one go; a batch of byte arrays points into the page it came from.
constexpr int64_t batch_size = 1024;

struct File {
    // The reader frees its buffers into the pool, so the pool comes first.
    std::unique_ptr<arrow::ProxyMemoryPool> own;
    std::unique_ptr<arrow::CappedMemoryPool> pool;
    std::unique_ptr<parquet::ParquetFileReader> reader;
    std::shared_ptr<parquet::FileMetaData> metadata;
    std::vector<std::string> columns;
};

struct Column {
    std::vector<uint8_t> bytes;
    /// Where each row starts; one more at the end.
    std::vector<int64_t> starts{0};
    std::vector<uint8_t> present;
};

void report(char* error, int64_t capacity, const char* what) {
    if (capacity <= 0)
        return;
    const auto length = std::min<size_t>(std::strlen(what), static_cast<size_t>(capacity) - 1);
    std::memcpy(error, what, length);
    error[length] = 0;
}

/// Runs `body`, which returns an object; 0, with its reason in `error`, if it throws.
template <typename Body> intptr_t guarded(char* error, int64_t capacity, Body body) {
    try {
        return reinterpret_cast<intptr_t>(body());
    } catch (const std::exception& exception) {
        report(error, capacity, exception.what());
    } catch (...) {
        report(error, capacity, "an unknown C++ exception");
    }
    return 0;
}

const uint8_t* data(const parquet::ByteArray& value) {
    return value.ptr;
}
int64_t size(const parquet::ByteArray& value, int) {
    return value.len;
}
const uint8_t* data(const parquet::FixedLenByteArray& value) {
    return value.ptr;
}
int64_t size(const parquet::FixedLenByteArray&, int width) {
    return width;
}

template <typename Type>
void read(
    parquet::ColumnReader& any, const parquet::ColumnDescriptor& about, int64_t rows, int64_t limit, Column& column) {
    auto& reader = static_cast<parquet::TypedColumnReader<Type>&>(any);
    const int width = about.type_length();
    std::vector<typename Type::c_type> values(batch_size);
    std::vector<int16_t> levels(batch_size, about.max_definition_level());
    while (reader.HasNext()) {
        int64_t found = 0;
        const int64_t entries = reader.ReadBatch(batch_size, levels.data(), nullptr, values.data(), &found);
        // A column that cannot be null has no levels, and one value for each entry.
        const int64_t count = about.max_definition_level() == 0 ? found : entries;
        if (count <= 0)
            throw std::runtime_error("the column ends early");
        if (static_cast<int64_t>(column.present.size()) + count > rows)
            throw std::runtime_error("the column has more values than its row group has rows");
        int64_t next = 0;
        for (int64_t entry = 0; entry < count; ++entry) {
            const bool present = about.max_definition_level() == 0 || levels[entry] == about.max_definition_level();
            if (present) {
                if (next >= found)
                    throw std::runtime_error("the column has fewer values than its levels say");
                const auto& value = values[next++];
                const int64_t length = size(value, width);
                if (length > limit - static_cast<int64_t>(column.bytes.size()))
                    throw std::runtime_error(
                        "the column is larger than the allowed " + std::to_string(limit) + " bytes in one row group");
                if (length > 0)
                    column.bytes.insert(column.bytes.end(), data(value), data(value) + length);
            }
            column.present.push_back(present);
            column.starts.push_back(static_cast<int64_t>(column.bytes.size()));
        }
    }
    if (static_cast<int64_t>(column.present.size()) != rows)
        throw std::runtime_error(
            "the column has " + std::to_string(column.present.size()) + " values, its row group " +
            std::to_string(rows) + " rows");
}

}  // namespace

extern "C" {

EXPORT int32_t mmada_parquet_interface(void) {
    return interface_version;
}

/// Opens a file; `limit` bounds what decoding may hold at a time, in bytes.
EXPORT intptr_t mmada_parquet_open(const char* path, int64_t limit, char* error, int64_t capacity) {
    return guarded(error, capacity, [&] {
        auto file = std::make_unique<File>();
        file->own = std::make_unique<arrow::ProxyMemoryPool>(arrow::default_memory_pool());
        file->pool = std::make_unique<arrow::CappedMemoryPool>(file->own.get(), limit);
        parquet::ReaderProperties properties(file->pool.get());
        // Compressed pages come in one by one, not the whole column of a row group at once.
        properties.enable_buffered_stream();
        properties.set_buffer_size(1 << 20);
        properties.set_page_checksum_verification(true);
        file->reader = parquet::ParquetFileReader::OpenFile(path, false, properties);
        file->metadata = file->reader->metadata();
        for (int index = 0; index < file->metadata->num_columns(); ++index)
            file->columns.push_back(file->metadata->schema()->Column(index)->path()->ToDotString());
        return file.release();
    });
}

EXPORT void mmada_parquet_close(intptr_t file) {
    delete reinterpret_cast<File*>(file);
}

EXPORT int64_t mmada_parquet_columns(intptr_t file) {
    return static_cast<int64_t>(reinterpret_cast<const File*>(file)->columns.size());
}

/// The name of a leaf column, its groups before it with dots between; lives as long as the file.
EXPORT const char* mmada_parquet_column(intptr_t file, int64_t index) {
    const auto& columns = reinterpret_cast<const File*>(file)->columns;
    return index >= 0 && index < static_cast<int64_t>(columns.size()) ? columns[index].c_str() : nullptr;
}

EXPORT int64_t mmada_parquet_row_groups(intptr_t file) {
    return reinterpret_cast<const File*>(file)->metadata->num_row_groups();
}

/// The rows of a row group; -1 where the file does not say a sensible number.
EXPORT int64_t mmada_parquet_rows(intptr_t file, int64_t group) {
    try {
        return reinterpret_cast<const File*>(file)->metadata->RowGroup(static_cast<int>(group))->num_rows();
    } catch (...) {
        return -1;
    }
}

/// Reads one column of one row group, of at most `limit` bytes in all.
EXPORT intptr_t
mmada_parquet_read(intptr_t opened, int64_t column, int64_t group, int64_t limit, char* error, int64_t capacity) {
    return guarded(error, capacity, [&] {
        auto& file = *reinterpret_cast<File*>(opened);
        const auto* about = file.metadata->schema()->Column(static_cast<int>(column));
        if (about->max_repetition_level() > 0)
            throw std::runtime_error("it is a list, which is not supported");
        const auto type = about->physical_type();
        if (type != parquet::Type::BYTE_ARRAY && type != parquet::Type::FIXED_LEN_BYTE_ARRAY)
            throw std::runtime_error("it holds " + parquet::TypeToString(type) + ", not text or bytes");
        auto rows = file.reader->RowGroup(static_cast<int>(group));
        const int64_t count = rows->metadata()->num_rows();
        // Nulls cost a file next to nothing, but each row costs memory here.
        if (count < 0 || count > limit / 16)
            throw std::runtime_error("its row group claims " + std::to_string(count) + " rows");
        auto reader = rows->Column(static_cast<int>(column));
        auto result = std::make_unique<Column>();
        if (type == parquet::Type::BYTE_ARRAY)
            read<parquet::ByteArrayType>(*reader, *about, count, limit, *result);
        else
            read<parquet::FLBAType>(*reader, *about, count, limit, *result);
        return result.release();
    });
}

EXPORT void mmada_parquet_free(intptr_t column) {
    delete reinterpret_cast<Column*>(column);
}

/// The values that were read: `starts` has one more than there are rows, `present` is 0 for null.
EXPORT int64_t
mmada_parquet_values(intptr_t read, const uint8_t** bytes, const int64_t** starts, const uint8_t** present) {
    const auto& column = *reinterpret_cast<const Column*>(read);
    *bytes = column.bytes.data();
    *starts = column.starts.data();
    *present = column.present.data();
    return static_cast<int64_t>(column.present.size());
}
}
