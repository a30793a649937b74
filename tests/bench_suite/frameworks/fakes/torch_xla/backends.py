"""The precision of matrix products."""

from __future__ import annotations

precision = "default"


def set_mat_mul_precision(wanted: str) -> None:
    global precision
    precision = wanted


def get_mat_mul_precision() -> str:
    return precision
