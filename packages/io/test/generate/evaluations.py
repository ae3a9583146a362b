"""Writes inputs of evaluations, and what PyTorch makes of them in float64. See README.md."""

import json
import pathlib
import shutil

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).parent.parent / "fixtures" / "evaluations"
# The command line is tested with what its README shows.
COMMANDS = pathlib.Path(__file__).parents[3] / "cli" / "test" / "fixtures" / "evaluations"
generator = torch.Generator().manual_seed(20261125)
expected: dict[str, object] = {"torch": torch.__version__.split("+")[0]}


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float32)


def save(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Saves a tensor, and gives it as it is computed with: floats in float64."""
    np.save(FOLDER / f"{name}.npy", tensor.numpy())
    return tensor.double() if tensor.is_floating_point() else tensor


def gradients(loss: torch.Tensor, inputs: dict[str, torch.Tensor]) -> dict[str, list]:
    found = torch.autograd.grad(loss, list(inputs.values()))
    return {name: gradient.flatten().tolist() for name, gradient in zip(inputs, found)}


def language_model() -> None:
    vocabulary, sequences, length = 29, 3, 17
    logits = normal(sequences, length, vocabulary) * 3
    ids = torch.randint(0, vocabulary, (sequences, length), generator=generator)
    # The padding of a batch, as it comes out of a data collator.
    ids[1, 12:] = -100
    ids[2, 9:] = -100
    x = save("lm-logits", logits)
    save("lm-labels", ids)
    half = save("lm-logits-half", logits.half())
    # The loss of transformers' causal language models: position t predicts label t + 1.
    shifted = lambda z: F.cross_entropy(z[:, :-1].reshape(-1, vocabulary), ids[:, 1:].reshape(-1), ignore_index=-100)
    tokens = int((ids[:, 1:] != -100).sum())
    expected["languageModel"] = {
        "tokens": tokens,
        "loss": shifted(x).item(),
        "perplexity": shifted(x).exp().item(),
        "lossHalf": shifted(half).item(),
        "perplexityHalf": shifted(half).exp().item(),
        "unshiftedLoss": F.cross_entropy(x.reshape(-1, vocabulary), ids.reshape(-1), ignore_index=-100).item(),
        "unshiftedTokens": int((ids != -100).sum()),
    }


def classification() -> None:
    samples, classes = 61, 7
    x = save("ce-input", normal(samples, classes) * 4).requires_grad_()
    target = save("ce-target", torch.randint(0, classes, (samples,), generator=generator))
    weight = save("ce-weight", torch.rand(classes, generator=generator) + 0.25)
    for name, options in {
        "weighted": {"ignore_index": 3},
        "smoothed": {"ignore_index": 3, "label_smoothing": 0.2},
    }.items():
        loss = lambda reduction: F.cross_entropy(x, target, weight, reduction=reduction, **options)
        mean = loss("mean")
        expected[name] = {
            "mean": mean.item(),
            "sum": loss("sum").item(),
            "none": loss("none").tolist(),
            "meanGradient": torch.autograd.grad(mean, x)[0].flatten().tolist(),
            "sumGradient": torch.autograd.grad(loss("sum"), x)[0].flatten().tolist(),
        }
    # PyTorch's own function has no gradient towards weights; its formula has.
    weight.requires_grad_()
    counted = target != 3
    own = weight[target[counted]]
    mean = -(own * x.log_softmax(1)[counted, target[counted]]).sum() / own.sum()
    assert abs(mean.item() - expected["weighted"]["mean"]) < 1e-12
    expected["weighted"]["weightGradient"] = torch.autograd.grad(mean, weight)[0].tolist()


def triplet() -> None:
    rows = {name: save(f"triplet-{name}", normal(53, 8)).requires_grad_() for name in ["anchor", "positive", "negative"]}
    loss = lambda reduction: F.triplet_margin_loss(*rows.values(), margin=0.7, swap=True, reduction=reduction)
    expected["triplet"] = {"mean": loss("mean").item(), "sum": loss("sum").item(), "gradients": gradients(loss("mean"), rows)}


def divergence() -> None:
    x = save("kl-input", normal(31, 5).log_softmax(1)).requires_grad_()
    target = save("kl-target", normal(31, 5).softmax(1))
    shared = save("kl-shared", normal(5).softmax(0)).requires_grad_()
    loss = lambda y, reduction: F.kl_div(x, y, reduction=reduction)
    expected["divergence"] = {
        "batchmean": loss(target, "batchmean").item(),
        "mean": loss(target, "mean").item(),
        "shared": loss(shared.expand(31, 5), "batchmean").item(),
        "sharedGradient": torch.autograd.grad(loss(shared.expand(31, 5), "batchmean"), shared)[0].tolist(),
    }


def discriminator() -> None:
    real = save("gan-real", normal(13)).requires_grad_()
    fake = save("gan-fake", normal(7)).requires_grad_()
    loss = F.binary_cross_entropy_with_logits(real, torch.ones_like(real)) + F.binary_cross_entropy_with_logits(
        fake, torch.zeros_like(fake)
    )
    expected["discriminator"] = {"mean": loss.item(), "gradients": gradients(loss, {"real": real, "fake": fake})}


def clip_loss(image: torch.Tensor, text: torch.Tensor, scale: float) -> torch.Tensor:
    logits = scale * image @ text.T
    own = torch.arange(len(image))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def recall(scores: torch.Tensor, matches: list[list[int]]) -> dict[str, float]:
    """Of each row: the place of its best match when columns are sorted by falling score."""
    ranking = scores.argsort(dim=1, descending=True)
    places = torch.tensor([min(ranking[row].tolist().index(match) for match in own) for row, own in enumerate(matches)])
    return {
        **{f"R@{k}": (places < k).double().mean().item() for k in [1, 5, 10]},
        "meanRank": (places + 1).double().mean().item(),
        "medianRank": float(np.median(places.numpy() + 1)),
    }


def image_text() -> None:
    count, size, batch = 57, 16, 20
    image = normal(count, size)
    text = F.normalize(image + 1.6 * normal(count, size), dim=1)
    image = save("pairs-image", F.normalize(image, dim=1))
    text = save("pairs-text", text)
    sizes = [len(part) for part in image.split(batch)]
    parts = [clip_loss(i, t, 20.0) for i, t in zip(image.split(batch), text.split(batch))]
    scores = F.normalize(image, dim=1) @ F.normalize(text, dim=1).T
    own = [[i] for i in range(count)]
    expected["pairs"] = {
        "clip": clip_loss(image, text, 20.0).item(),
        "clipInBatches": sum(n * part.item() for n, part in zip(sizes, parts)) / count,
        "imageToText": recall(scores, own),
        "textToImage": recall(scores.T, own),
    }


def captions() -> None:
    images, each, size = 24, 5, 16
    image = normal(images, size) * 2
    text = save("captions-text", image.repeat_interleave(each, 0) + 4 * normal(images * each, size))
    image = save("captions-image", image)
    scores = F.normalize(image, dim=1) @ F.normalize(text, dim=1).T
    dots = image @ text.T
    to_text = [list(range(each * i, each * (i + 1))) for i in range(images)]
    to_image = [[i // each] for i in range(images * each)]
    expected["captions"] = {
        "imageToText": recall(scores, to_text),
        "textToImage": recall(scores.T, to_image),
        "dotImageToText": recall(dots, to_text),
        "dotTextToImage": recall(dots.T, to_image),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for make in [language_model, classification, triplet, divergence, discriminator, image_text, captions]:
        make()
    (FOLDER / "expected.json").write_text(json.dumps(expected) + "\n")
    shutil.rmtree(COMMANDS, ignore_errors=True)
    COMMANDS.mkdir(parents=True)
    for kind in ["lm", "pairs", "captions"]:
        for file in FOLDER.glob(f"{kind}-*.npy"):
            shutil.copy(file, COMMANDS)
    shown = {name: expected[name] for name in ["torch", "languageModel", "pairs", "captions"]}
    (COMMANDS / "expected.json").write_text(json.dumps(shown) + "\n")
