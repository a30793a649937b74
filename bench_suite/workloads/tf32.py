"""The limits of TF32, which follow from those of bfloat16: nobody has measured them on a card here.

TF32 has ten bits after the point where bfloat16 has seven, so that what it rounds is eight times as near; and it rounds
less, the factors of products and convolutions alone. Nothing here computes in it.
"""

from __future__ import annotations

import msgspec

from speedscore.bench_suite.workloads.workload import Tolerances

FINER = 8.0
"""Two to the power of the three bits that TF32 has more."""
_FEWER_ROUNDINGS = 2.0
"""By how much the outputs may be nearer still, because activations are not rounded: emulated on the CPU by rounding the
factors in PyTorch, the outputs of mlp and resnet50 were 4e-4 to 6e-4 off, a ninth of what they are in bfloat16."""


def tf32_tolerances(bfloat16: Tolerances) -> Tolerances:
    """Each limit an eighth of that of bfloat16."""
    assert bfloat16.least_outputs is not None
    return msgspec.structs.replace(
        bfloat16,
        outputs=bfloat16.outputs / FINER,
        loss=bfloat16.loss / FINER,
        gradients=bfloat16.gradients / FINER,
        update=bfloat16.update / FINER,
        state=bfloat16.state / FINER,
        optimizer=bfloat16.optimizer / FINER,
        least_outputs=bfloat16.least_outputs / (FINER * _FEWER_ROUNDINGS),
        reason=f"An eighth of the limits of bfloat16, for TF32 has three bits more. Those: {bfloat16.reason}",
    )
