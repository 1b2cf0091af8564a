"""What is made of measurements, and how it is printed."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile; `share` is 0 to 100."""
    return float(np.percentile(values, share))


def line(name: str, value: float, unit: str = "ms", note: str = "") -> None:
    """Print one figure."""
    print(f"{name:44} {value:9.2f} {unit:5} {note}".rstrip(), flush=True)


def spread(name: str, values: Sequence[float], unit: str = "ms") -> None:
    """Print median, 95th and 99th percentile of many values."""
    shares = "   ".join(f"p{share} {percentile(values, share):8.2f}" for share in (50, 95, 99))
    print(f"{name:44} {shares} {unit}   of {len(values)}", flush=True)


def load(what: str) -> None:
    """Print how busy the machine was over the last minute, without which no figure says anything."""
    print(f"-- {what}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that must hold."""

    name: str
    value: float
    most: float
    unit: str

    def holds(self) -> bool:
        """Print the value beside its limit; return whether it is kept."""
        is_kept = self.value <= self.most
        verdict = "kept" if is_kept else "MISSED"
        print(
            f"== {self.name}: {self.value:.2f} {self.unit}, at most {self.most:.2f} {self.unit}: {verdict}", flush=True
        )
        return is_kept


def all_hold(limits: Sequence[Limit]) -> bool:
    """Print every limit, also after one that is missed; return whether all are kept."""
    return False not in [limit.holds() for limit in limits]


__all__ = ["Limit", "all_hold", "line", "load", "median", "percentile", "spread"]
