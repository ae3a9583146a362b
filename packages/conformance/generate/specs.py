"""Writes test/specs/fixtures/golden.json: losses that are recursions and orders, by PyTorch in float64. Usage: python specs.py"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return tensor.detach().reshape(-1).tolist()


def ctc_case(seed, shape, targets, input_lengths, target_lengths, blank=0, zero_infinity=False):
    torch.manual_seed(seed)
    # Numbers that float32 holds
    logits = torch.randn(*shape).float().double().requires_grad_()
    targets = torch.tensor(targets, dtype=torch.int32).reshape(shape[1], -1)
    lengths = [torch.tensor(x, dtype=torch.int32) for x in (input_lengths, target_lengths)]
    options = dict(blank=blank, reduction="none", zero_infinity=zero_infinity)
    # The CPU implementation takes labels and lengths of 64 bits.
    loss = F.ctc_loss(logits.log_softmax(2), targets.long(), *[x.long() for x in lengths], **options)
    loss.sum().backward()
    return {
        "logits": {"shape": shape, "data": numbers(logits)},
        "targets": {"shape": list(targets.shape), "data": numbers(targets)},
        "inputLengths": input_lengths,
        "targetLengths": target_lengths,
        "options": {"blank": blank, "zeroInfinity": zero_infinity},
        "value": numbers(loss),
        "gradient": numbers(logits.grad),
    }


def lovasz_grad(gt_sorted):
    """Berman et al., The Lovász-Softmax loss, CVPR 2018: the Lovász extension's gradient with respect to sorted errors."""
    total = gt_sorted.sum()
    intersection = total - gt_sorted.cumsum(0)
    union = total + (1 - gt_sorted).cumsum(0)
    jaccard = 1 - intersection / union
    return torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]])


def lovasz_hinge(logits, labels):
    errors = 1 - logits * (2 * labels - 1)
    errors, order = torch.sort(errors, descending=True, stable=True)
    return torch.dot(F.relu(errors), lovasz_grad(labels[order]))


def lovasz_softmax(probabilities, labels):
    losses = []
    for c in range(probabilities.shape[1]):
        foreground = (labels == c).double()
        if foreground.sum() == 0:
            continue
        errors, order = torch.sort((foreground - probabilities[:, c]).abs(), descending=True, stable=True)
        losses.append(torch.dot(errors, lovasz_grad(foreground[order])))
    return torch.stack(losses).mean()


def hinge_case(seed, count, share):
    torch.manual_seed(seed)
    logits = (2 * torch.randn(count)).float().double().requires_grad_()
    labels = (torch.rand(count) < share).double()
    loss = lovasz_hinge(logits, labels)
    loss.backward()
    return {"logits": numbers(logits), "labels": numbers(labels), "value": loss.item(), "gradient": numbers(logits.grad)}


def softmax_case(seed, count, classes, used):
    torch.manual_seed(seed)
    logits = torch.randn(count, classes).float().double().requires_grad_()
    labels = torch.randint(0, used, (count,))
    loss = lovasz_softmax(logits.softmax(1), labels)
    loss.backward()
    return {
        "logits": {"shape": [count, classes], "data": numbers(logits)},
        "labels": numbers(labels),
        "value": loss.item(),
        "gradient": numbers(logits.grad),
    }


golden = {
    "torch": torch.__version__.split("+")[0],
    "ctc": [
        ctc_case(1, [7, 3, 5], [[1, 2, 2], [3, 1, 4], [4, 4, 4]], [7, 6, 7], [3, 3, 3]),
        ctc_case(2, [12, 2, 4], [[1, 2, 3, 1, 1], [2, 2, 0, 0, 0]], [12, 9], [5, 2]),
        ctc_case(3, [5, 2, 4], [[1, 3, 0], [3, 1, 0]], [5, 4], [2, 0], blank=2),
        # Too short for its labels, the second of which is the first again
        ctc_case(4, [4, 2, 3], [[1, 1, 1], [1, 2, 1]], [4, 4], [3, 3], zero_infinity=True),
        ctc_case(5, [1, 1, 2], [[1]], [1], [1]),
    ],
    "lovaszHinge": [hinge_case(1, 9, 0.4), hinge_case(2, 41, 0.7), hinge_case(3, 1, 1), hinge_case(4, 5, 0)],
    "lovaszSoftmax": [softmax_case(1, 7, 3, 3), softmax_case(2, 29, 4, 2), softmax_case(3, 1, 2, 1)],
}

target = pathlib.Path(__file__).parent.parent / "test/specs/fixtures/golden.json"
target.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
