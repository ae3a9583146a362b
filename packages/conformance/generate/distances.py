"""Distances and similarities that several references share. Over the last axis."""

import torch
import torch.nn.functional as F


def cosine(x, y):
    return (F.normalize(x, dim=-1) * F.normalize(y, dim=-1)).sum(-1)


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
