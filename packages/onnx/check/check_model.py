"""Checks .onnx files with ONNX's own checker and strict shape inference, and opens them in ONNX Runtime if it is there.

Usage: pip install -r check/requirements.txt
       node check/exportAll.mjs <folder> && python check/check_model.py <folder>/*.onnx
"""

import json
import sys

import onnx

try:
    import onnxruntime
except ImportError:
    onnxruntime = None


def dims(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def check(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    # attachLoss writes the same nodes into models of the oldest operator set that it takes; the processor has ops of the next.
    wanted = 16 if path.endswith(".cpu.onnx") else 15
    if model.opset_import[0].version != wanted:
        raise ValueError(f"operator set {model.opset_import[0].version}, expected {wanted}")
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    for declared, found in zip(model.graph.output, inferred.graph.output):
        if dims(declared) != dims(found):
            raise ValueError(f"{declared.name}: declared {dims(declared)}, inferred {dims(found)}")
    described = [model.doc_string, *(value.doc_string for value in [*model.graph.input, *model.graph.output])]
    if not all(described):
        raise ValueError("the model and each input and output must have a doc_string")
    json.loads(next(entry.value for entry in model.metadata_props if entry.key == "losses.options"))
    if onnxruntime is not None:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [value.name for value in session.get_outputs()]
        if names != [value.name for value in model.graph.output]:
            raise ValueError(f"outputs {names}")


failed = 0
for path in sys.argv[1:]:
    try:
        check(path)
    except Exception as error:  # every kind of refusal counts
        failed += 1
        print(f"FAILED {path}: {error}")
print(f"{len(sys.argv) - 1 - failed} of {len(sys.argv) - 1} models are valid")
sys.exit(1 if failed or len(sys.argv) == 1 else 0)
