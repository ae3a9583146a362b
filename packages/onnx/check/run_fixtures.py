"""Runs the golden fixtures in Python's ONNX Runtime, on the processor, and holds every element to what is allowed for it.

Usage: pip install -r check/requirements.txt
       node check/exportFixtures.mjs <folder> && python check/run_fixtures.py <folder>
"""

import json
import pathlib
import sys

import numpy as np
import onnxruntime


def array(tensor, dtype):
    # float("NaN") and float("-Infinity") read what JSON has no numbers for; what float16 cannot hold becomes infinite.
    numbers = np.array([float(x) for x in tensor["data"]], dtype=np.float64)
    with np.errstate(over="ignore"):
        return numbers.astype(dtype).reshape(tensor["shape"])


def problems(name, got, wanted):
    """What is wrong with one output, and the largest error as a share of what is allowed."""
    expected = array(wanted, np.float64)
    allowed = np.array([float(x) for x in wanted["allowed"]]).reshape(expected.shape)
    if got.shape != expected.shape:
        return [f"{name}: expected shape {list(expected.shape)}, got {list(got.shape)}"], 0.0
    got = got.astype(np.float64)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        distance = np.where(same, 0.0, np.abs(got - expected))
    distance = np.where(np.isnan(distance), np.inf, distance)
    wrong = ~(distance <= allowed)
    claimed = distance[np.isfinite(allowed)] / allowed[np.isfinite(allowed)]
    messages = [
        f"{name}{list(map(int, at))}: expected {expected[tuple(at)]}, got {got[tuple(at)]}, allowed ±{allowed[tuple(at)]:.3g}"
        for at in np.argwhere(wrong)
    ]
    return messages, float(claimed.max(initial=0.0))


def run(session, names, case):
    inputs = {name: array(tensor, tensor["dtype"]) for name, tensor in case["inputs"].items()}
    results = session.run(names, inputs)
    return [problems(name, got, case["outputs"][name]) for name, got in zip(names, results)]


folder = pathlib.Path(sys.argv[1])
manifest = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
models = {model["file"]: model["outputs"] for model in manifest["models"]}
users = {file: [case for case in manifest["cases"] if file in case["models"]] for file in models}
failed, worst, unclaimed = set(), 0.0, 0
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3
for file, outputs in models.items():
    try:
        session = onnxruntime.InferenceSession(folder / file, options, providers=["CPUExecutionProvider"])
        if (found := [value.name for value in session.get_outputs()]) != outputs:
            raise ValueError(f"outputs must be {outputs}, got {found}")
    except Exception as error:  # every kind of refusal counts
        failed.update(case["id"] for case in users[file])
        print(f"FAILED {file}: {error}")
        continue
    for case in users[file]:
        try:
            checked = run(session, outputs, case)
        except Exception as error:
            checked = [([str(error)], 0.0)]
        worst = max([worst, *(share for _, share in checked)])
        if messages := [message for found, _ in checked for message in found]:
            failed.add(case["id"])
            print(f"FAILED {case['id']} ({file}):", *messages[:4], sep="\n    ")

total = len(manifest["cases"])
allowed = [float(x) for case in manifest["cases"] for output in case["outputs"].values() for x in output["allowed"]]
print(
    f"{total - len(failed)} of {total} cases agree, {len(models)} models in {manifest['dtype']}; {len(allowed)} elements, "
    f"{sum(x == float('inf') for x in allowed)} without a claim, largest error {worst:.2f} of what is allowed; "
    f"left out: {manifest['refused']} calls to be refused (onnxruntime {onnxruntime.__version__})"
)
sys.exit(1 if failed or total == 0 else 0)
