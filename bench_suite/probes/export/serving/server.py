"""The server: ``python -m … FOLDER ARTEFACT OPENER PORT`` serves an artefact by LitServe, one worker, no batching.

A request is JSON, ``{"inputs": nested lists, "dtype": …}``, and so is its answer, ``{"logits": nested lists}``.
"""

import pkgutil
import sys
from typing import Any

import litserve
import numpy as np


class Served(litserve.LitAPI):  # type: ignore[misc, unused-ignore]
    """An artefact, opened in the server's worker by ``opener``, a ``Target.load``."""

    def __init__(self, *, folder: str, artefact: str, opener: str) -> None:
        super().__init__()
        self._artefact = {"folder": folder, "artefact": artefact}
        self._opener = opener

    def setup(self, device: str) -> None:
        del device
        memory: dict[str, Any] = {}
        pkgutil.resolve_name(self._opener)(memory, **self._artefact)
        self._call = memory["call"]

    # LitServe reads what the annotation is, so this module has none that are text.
    def decode_request(self, request: dict[str, Any]) -> Any:
        return np.array(request["inputs"], dtype=request["dtype"])

    def predict(self, x: Any) -> Any:
        return self._call(x)

    def encode_response(self, output: Any) -> dict[str, Any]:
        return {"logits": np.asarray(output).tolist()}


def main() -> None:
    folder, artefact, opener, port = sys.argv[1:]
    served = Served(folder=folder, artefact=artefact, opener=opener)
    server = litserve.LitServer(served, accelerator="cpu", devices=1, workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(port),
        num_api_servers=1,
        api_server_worker_type="thread",
        generate_client_file=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
