"""Cases as JSON text, one case a line, and the comparison of two such files."""

import json
import math

RELATIVE = 1e-12


def _number(value):
    if isinstance(value, (bool, int)):
        return json.dumps(value)
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


def _numbers(values):
    return f"[{','.join(map(_number, values))}]"


def _shaped(shape, values):
    return f'"shape":{_numbers(shape)},"data":{_numbers(values)}'


def _result(tensor):
    # Adding 0 turns -0 into 0: the sign of a zero result is no part of the contract.
    return f"{{{_shaped(list(tensor.shape), (tensor + 0.0).flatten().tolist())}}}"


def _options(options):
    pairs = (
        f"{json.dumps(key)}:{_number(value) if isinstance(value, float) else json.dumps(value)}"
        for key, value in options.items()
    )
    return f"{{{','.join(pairs)}}}"


def _input(name, array):
    grad = ',"grad":true' if array.grad else ""
    body = _shaped(list(array.data.shape), array.data.flatten().tolist())
    return f'{{"name":"{name}","dtype":"{array.dtype}",{body}{grad}}}'


def line(loss, case, result):
    """`result` is (value, grads), or None for a case that must be refused."""
    if result is None:
        expected = f'{{"error":"{case.error}"}}'
    else:
        value, grads = result
        entries = ",".join(f'"{name}":{_result(grad)}' for name, grad in grads.items())
        expected = f'{{"value":{_result(value)},"grads":{{{entries}}}}}'
    fields = [
        f'"id":{json.dumps(case.id)}',
        f'"loss":"{loss.name}"',
        f'"source":{json.dumps("contract" if result is None else loss.source, ensure_ascii=False)}',
        f'"options":{_options(case.options)}',
        f'"inputs":[{",".join(_input(*item) for item in case.inputs.items())}]',
        f'"expected":{expected}',
    ]
    if case.note:
        fields.append(f'"note":{json.dumps(case.note, ensure_ascii=False)}')
    return f"{{{','.join(fields)}}}"


def document(lines):
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _same_numbers(left, right):
    finite = [abs(value) for value in (*left, *right) if not isinstance(value, str)]
    # Terms that cancel leave a residue of rounding, so the largest entry sets the scale.
    allowed = RELATIVE * max([1.0, *finite])
    return len(left) == len(right) and all(
        a == b or (not isinstance(a, str) and not isinstance(b, str) and abs(a - b) <= allowed)
        for a, b in zip(left, right)
    )


def _same(left, right, key=None):
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[k], right[k], k) for k in left)
    if key == "data" and isinstance(left, list) and isinstance(right, list):
        return _same_numbers(left, right)
    return left == right


def differences(committed, generated):
    """Ids of the cases that are not the same in both documents."""
    old = {case["id"]: case for case in json.loads(committed)}
    new = {case["id"]: case for case in json.loads(generated)}
    return [
        case_id
        for case_id in {**new, **old}
        if case_id not in old
        or case_id not in new
        or old[case_id]["inputs"] != new[case_id]["inputs"]
        or not _same(old[case_id], new[case_id])
    ]
