"""Distances and similarities that several references share. Over the last axis."""

import torch
import torch.nn.functional as F


def cosine(x, y):
    return F.cosine_similarity(x, y, dim=-1)


def direction(x, dim=-1):
    """x by its norm, with the floor of torch's cosine_similarity: below it the norm's own derivative flows on."""
    norm = torch.linalg.vector_norm(x, dim=dim, keepdim=True).clone()
    with torch.no_grad():
        norm.clamp_min_(1e-8)
    return x / norm


def dot(x, y):
    return (x * y).sum(-1)


def euclidean(x, y):
    """No eps; vector_norm has gradient 0 at x = y."""
    return torch.linalg.vector_norm(x - y, dim=-1)


def squared_euclidean(x, y):
    return ((x - y) ** 2).sum(-1)


def manhattan(x, y):
    return (x - y).abs().sum(-1)


DISTANCES = {
    "pairwise": F.pairwise_distance,
    "euclidean": euclidean,
    "squaredEuclidean": squared_euclidean,
    "manhattan": manhattan,
    "cosine": lambda x, y: 1 - cosine(x, y),
}

SIMILARITIES = {
    "cosine": cosine,
    "dot": dot,
    "negativeEuclidean": lambda x, y: -euclidean(x, y),
}
