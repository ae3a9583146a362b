/**
 * The program of PyTorch's process. A line of JSON tells the job, then come the inputs, number after number; each further line is
 * a request. Answers are lines of JSON, behind the first of which come the gradients.
 */
export const program = `
import json, os, resource, sys, time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
# What libraries print is no answer.
source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)


def tell(reply, *tensors):
    target.write((json.dumps(reply) + "\\n").encode())
    for tensor in tensors:
        target.write(tensor.detach().contiguous().numpy().tobytes())
    target.flush()


def triplet(x):
    return F.triplet_margin_loss(x["anchor"], x["positive"], x["negative"], **options["triplet"])


def clip(x):
    logits = x["logitScale"] * x["image"] @ x["text"].T
    return (F.cross_entropy(logits, rows) + F.cross_entropy(logits.T, rows)) / 2


def vse(x):
    scores = x["image"] @ x["text"].T
    own = scores.diag()
    captions = (options["vseMargin"] + scores - own[:, None]).clamp(min=0).masked_fill(diagonal, 0)
    images = (options["vseMargin"] + scores - own[None, :]).clamp(min=0).masked_fill(diagonal, 0)
    return captions.max(1)[0].sum() + images.max(0)[0].sum()


losses = {
    "crossEntropy": lambda x: F.cross_entropy(x["input"], x["target"]),
    "triplet": triplet,
    "clip": clip,
    "vse": vse,
    "kl": lambda x: F.kl_div(x["input"], x["target"], log_target=True),
    "smoothL1": lambda x: F.smooth_l1_loss(x["input"], x["target"]),
    "bce": lambda x: F.binary_cross_entropy_with_logits(x["input"], x["target"]),
}

def called(call):
    function = getattr(F, call["function"])
    return lambda x: function(**{own: x[name] for name, own in call["inputs"].items()}, **call["options"])


job = json.loads(source.readline())
options, wrt = job["options"], job["wrt"]
inputs = {}
for name, kind, shape, size in job["inputs"]:
    numbers = torch.frombuffer(bytearray(source.read(size)), dtype=getattr(torch, kind)).reshape(shape).clone()
    inputs[name] = numbers.long() if kind == "int32" else numbers
if job.get("kind") in ("clip", "vse"):
    rows = torch.arange(inputs["image"].shape[0])
    diagonal = torch.eye(len(rows), dtype=torch.bool)
loss = called(job["call"]) if "call" in job else losses[job["kind"]]
if job["compiled"]:
    loss = torch.compile(loss)
differentiated = [inputs[name].requires_grad_() for name in wrt] if job["part"] == "gradient" else []


def call():
    if differentiated:
        value = loss(inputs)
        return value, torch.autograd.grad(value, differentiated)
    with torch.no_grad():
        return loss(inputs), ()


value, gradients = call()
tell({"tell": "answer", "value": str(value.item())}, *gradients)
for line in source:
    request = json.loads(line)
    if request["ask"] == "close":
        tell({"tell": "closed", "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
        break
    start, calls, elapsed = time.perf_counter(), 0, 0
    while calls == 0 or elapsed < request["atLeastMs"]:
        call()
        calls += 1
        elapsed = (time.perf_counter() - start) * 1000
    tell({"tell": "timed", "callMs": elapsed / calls})
`;
