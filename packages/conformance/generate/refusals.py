"""Bad options that several losses refuse alike."""

import math

from recipe import Refusal

NAN, INF = math.nan, math.inf

MARGIN_NOT_FINITE = {
    "margin-nan": {"margin": NAN},
    "margin-infinite": {"margin": INF},
    "margin-not-a-number": {"margin": "wide"},
}
MARGIN_NEGATIVE = {"margin-negative": {"margin": -1}}
MARGIN_NOT_POSITIVE = {"margin-zero": {"margin": 0}, **MARGIN_NEGATIVE}
BATCHMEAN = {"batchmean": {"reduction": "batchmean"}}


def options_refused(*groups):
    """One refusal for each named set of options."""
    named = {name: options for group in groups for name, options in group.items()}
    return tuple(Refusal(name, "OptionError", options=options) for name, options in named.items())
