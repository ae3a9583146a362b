"""Attaches a loss to a classifier of every operator set from 15 on, and holds one run of it to NumPy.

Usage: pip install -r check/requirements.txt
       python check/attach_model.py
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

opsets = range(15, 27)
# Each number has been rounded to float32 some twenty times, while it and its parts were below 16.
allowed = 20 * 16 * 2**-24

attach = """
import { readFileSync, writeFileSync } from "node:fs";
import { crossEntropy } from "@losses/core";
import { attachLoss } from "@losses/onnx";

const options = { mapping: { input: "logits" }, inputs: { target: { dtype: "int64" } }, gradients: true };
for (const file of process.argv.slice(1)) {
  writeFileSync(file, attachLoss(readFileSync(file), crossEntropy({ labelSmoothing: 0.1 }), options));
}
"""

rng = np.random.default_rng(0)
weights = {
    "w1": rng.normal(size=(4, 8)).astype(np.float32),
    "b1": rng.normal(size=8).astype(np.float32),
    "w2": rng.normal(size=(8, 3)).astype(np.float32),
}
x = rng.normal(size=(6, 4)).astype(np.float32)
target = np.array([0, 1, 2, 2, 1, 0])


def classifier(opset):
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("MatMul", ["active", "w2"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model_gen_version(graph, opset_imports=[helper.make_opsetid("", opset)])


def reference():
    """The logits, the loss of them, and its gradient, in float64."""
    hidden = np.maximum(x.astype(np.float64) @ weights["w1"] + weights["b1"], 0)
    logits = hidden @ weights["w2"]
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    wanted = 0.9 * np.eye(3)[target] + 0.1 / 3
    return logits, -(wanted * np.log(shares)).sum(axis=1).mean(), (shares - wanted) / len(x)


def check(path):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    results = session.run(["logits", "value", "grad:input"], {"x": x, "target": target})
    for got, wanted in zip(results, reference()):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=allowed)


failed = 0
with tempfile.TemporaryDirectory() as folder:
    files = {opset: pathlib.Path(folder) / f"{opset}.onnx" for opset in opsets}
    for opset, file in files.items():
        onnx.save(classifier(opset), file)
    package = pathlib.Path(__file__).parents[1]
    subprocess.run(["node", "--input-type=module", "-e", attach, *map(str, files.values())], cwd=package, check=True)
    for opset, file in files.items():
        try:
            check(file)
        except Exception as error:  # every kind of refusal counts
            failed += 1
            print(f"FAILED operator set {opset}: {error}")
print(f"{len(opsets) - failed} of {len(opsets)} models with a loss attached agree")
sys.exit(1 if failed else 0)
