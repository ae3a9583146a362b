"""Writes the files that the tests of formats read. See README.md."""

import pathlib
import shutil

import ml_dtypes
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).parent.parent / "fixtures" / "files"


def numbers(*shape: int, dtype: str = "<f4") -> np.ndarray:
    return (np.arange(np.prod(shape, dtype=int)) / 2 - 3).reshape(shape).astype(dtype)


def labels(count: int, dtype: str = "<i8") -> np.ndarray:
    return (np.arange(count) % 5).astype(dtype)


def npy() -> None:
    save = lambda name, array: np.save(FOLDER / f"{name}.npy", array)
    for dtype in ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8"]:
        save(dtype.replace("<", "little-").replace(">", "big-"), numbers(4, 3, dtype=dtype))
    for dtype in ["|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", ">i4", ">i8", ">u2", "|b1"]:
        save(dtype.strip("<|").replace(">", "big-"), labels(12, dtype))
    save("fortran-2d", np.asfortranarray(numbers(6, 4)))
    save("fortran-3d", np.asfortranarray(numbers(5, 3, 2)))
    save("fortran-big", np.asfortranarray(numbers(6, 4, dtype=">f8")))
    save("scalar", np.float32(14.5))
    save("empty", numbers(0, 3))
    save("bfloat16", numbers(4, 3).astype(ml_dtypes.bfloat16))
    save("complex", numbers(4).astype("<c8"))
    save("text", np.array(["a", "bc"]))
    save("records", np.zeros(3, dtype=[("x", "<f4"), ("y", "<i4")]))
    np.save(FOLDER / "objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    with open(FOLDER / "version-2.npy", "wb") as file:
        np.lib.format.write_array(file, numbers(4, 3), version=(2, 0))
    with open(FOLDER / "two-arrays.npy", "wb") as file:
        np.save(file, numbers(2, 2))
        np.save(file, numbers(2, 2))
    save("too-large-integers", np.array([1, 2**31, 3], dtype="<i8"))


def npz() -> None:
    arrays = {"image": numbers(6, 4), "text": numbers(6, 2, dtype="<f8"), "ids": labels(6)}
    np.savez(FOLDER / "stored.npz", **arrays)
    np.savez_compressed(FOLDER / "packed.npz", **arrays)
    np.savez_compressed(FOLDER / "packed-fortran.npz", x=np.asfortranarray(numbers(6, 4, dtype=">f4")))
    np.savez(FOLDER / "objects.npz", x=np.array([{"a": 1}], dtype=object))


def safetensors() -> None:
    tensors = {
        "half": numbers(4, 3, dtype="<f2"),
        "brain": numbers(4, 3).astype(ml_dtypes.bfloat16),
        "single": numbers(4, 3),
        "double": numbers(4, 3, dtype="<f8"),
        "ids": labels(12),
        "small": labels(12, "|u1"),
        "flags": labels(12, "|b1"),
        "scalar": np.array(14.5, dtype="<f4"),
    }
    save_file(tensors, FOLDER / "tensors.safetensors", metadata={"format": "np"})


def parquet() -> None:
    rows, size = 40, 6
    table = pa.table(
        {
            "embedding": pa.array(list(numbers(rows, size)), type=pa.list_(pa.float32())),
            "fixed": pa.array(list(numbers(rows, size, dtype="<f8")), type=pa.list_(pa.float64(), size)),
            "half": pa.array(numbers(rows, dtype="<f2")),
            "single": pa.array(numbers(rows)),
            "double": pa.array(numbers(rows, dtype="<f8")),
            "label": pa.array(labels(rows)),
            "small": pa.array(labels(rows, "<i4")),
            "byte": pa.array(labels(rows, "|u1")),
            "flag": pa.array(labels(rows, "|b1")),
        }
    )
    for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
        pq.write_table(table, FOLDER / f"{codec}.parquet", compression=codec, row_group_size=17)
    pq.write_table(table, FOLDER / "v2-pages.parquet", data_page_version="2.0", data_page_size=64, write_batch_size=4)
    pq.write_table(table, FOLDER / "small-pages.parquet", data_page_size=64, write_batch_size=4, use_dictionary=False)
    required = pa.schema([pa.field(f.name, f.type, nullable=False) for f in table.schema if not pa.types.is_list(f.type)])
    pq.write_table(table.select(required.names).cast(required), FOLDER / "required.parquet")
    floats = ["embedding", "fixed", "single", "double"]
    split = dict(use_dictionary=False, column_encoding={"embedding.list.element": "BYTE_STREAM_SPLIT", "single": "BYTE_STREAM_SPLIT"})
    pq.write_table(table.select(floats), FOLDER / "split.parquet", **split)
    odd = pa.table(
        {
            "ragged": pa.array([[1.0, 2.0], [3.0], [4.0, 5.0]]),
            "missing": pa.array([1.0, None, 3.0]),
            "words": pa.array(["a", "b", "c"]),
            "nested": pa.array([[[1.0]], [[2.0]], [[3.0]]]),
            "dates": pa.array([1, 2, 3], type=pa.date32()),
            "records": pa.array([{"a": 1, "b": 2}] * 3),
        }
    )
    pq.write_table(odd, FOLDER / "odd.parquet")
    pq.write_table(table.slice(0, 0), FOLDER / "empty.parquet")


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    npy()
    npz()
    safetensors()
    parquet()
