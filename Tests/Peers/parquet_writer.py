#!/usr/bin/env python3
"""Writes the Parquet files that ParquetFileTests reads.

Usage: parquet_writer.py PYARROW OUT    PYARROW holds the package pyarrow, as recipes/parquet unpacks it
The tests know the values of row i by the same rules as `table` here.
"""

import sys

sys.path.insert(0, sys.argv[1])
import pyarrow as pa  # noqa: E402  (found through the path above)
import pyarrow.parquet as pq  # noqa: E402

COMPRESSIONS = ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]


def table(rows):
    numbers = range(rows)
    text = [None if i % 7 == 3 else "" if i % 7 == 4 else f"row {i} é 日本" for i in numbers]
    category = [None if i % 11 == 5 else f"kind {i % 3}" for i in numbers]
    data = [None if i % 5 == 2 else bytes([i % 256, 255, 0]) * (i % 4) for i in numbers]
    image = [
        None if i % 13 == 6 else {"bytes": None if i % 13 == 7 else b"\x89PNG" + bytes([i % 256]), "path": f"{i}.png"}
        for i in numbers
    ]
    columns = [
        (pa.field("text", pa.string()), text),
        (pa.field("category", pa.dictionary(pa.int32(), pa.string())), category),
        (pa.field("large", pa.large_string()), text),
        (pa.field("data", pa.binary()), data),
        (pa.field("large_data", pa.large_binary()), data),
        (pa.field("fixed", pa.binary(4)), [bytes([i % 256, 1, 2, 3]) for i in numbers]),
        (pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])), image),
        (pa.field("number", pa.int64()), list(numbers)),
        (pa.field("tags", pa.list_(pa.string())), [["a", "b"]] * rows),
        (pa.field("certain", pa.string(), nullable=False), [str(i) for i in numbers]),
    ]
    return pa.table(
        [pa.array(values, field.type) for field, values in columns], schema=pa.schema([f for f, _ in columns]))


out = sys.argv[2]
whole = table(2500)
for compression in COMPRESSIONS:
    pq.write_table(whole, f"{out}/{compression}.parquet", compression=compression, row_group_size=1000)
pq.write_table(whole, f"{out}/plain.parquet", use_dictionary=False, row_group_size=1000, data_page_version="2.0")
pq.write_table(
    whole.drop_columns(["category"]), f"{out}/delta.parquet", use_dictionary=False, row_group_size=1000,
    column_encoding={"text": "DELTA_BYTE_ARRAY", "data": "DELTA_LENGTH_BYTE_ARRAY"}, write_page_checksum=True)
pq.write_table(table(20), f"{out}/small.parquet", compression="snappy", row_group_size=8, write_page_checksum=True)
pq.write_table(table(0), f"{out}/empty.parquet")
# A value said once and repeated by reference: 3 KB that stand for 100 MB.
pq.write_table(pa.table({"text": ["x" * 100_000] * 1000}), f"{out}/bomb.parquet", compression="zstd")
pq.write_table(pa.table({"text": pa.nulls(5_000_000, pa.string())}), f"{out}/nulls.parquet", row_group_size=5_000_000)
