"""Accelerators are found by what the system shows of them, and an absence says what was looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pynvml
import pytest

from speedscore.bench_suite.matrix import devices
from speedscore.bench_suite.matrix.devices import DETECTORS, DetectedDevice, detect_cpu, detect_gpu, detect_tpu
from speedscore.host.fields import Scalar
from speedscore.host.graphics import Graphics, read_graphics
from speedscore.host.processors import has_bfloat16
from speedscore.record.phases import DEVICES


def plant_pci(root: Path, address: str, *, vendor: str, pci_class: str, device: str = "0xffff") -> None:
    folder = root / "sys/bus/pci/devices" / address
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n")
    (folder / "class").write_text(f"{pci_class}\n")
    (folder / "device").write_text(f"{device}\n")


@pytest.fixture
def no_graphics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", refuse)
    # The process that is started to ask would see the true library.
    monkeypatch.setattr(devices, "ask_graphics", read_graphics)
    monkeypatch.setattr(devices, "AMD_COMPUTE_FILE", tmp_path / "kfd")


def test_every_device_of_the_matrix_has_a_probe() -> None:
    assert tuple(DETECTORS) == DEVICES


def test_a_processor_is_always_there() -> None:
    assert detect_cpu().absence == ""


@pytest.mark.parametrize(
    ("line", "has_it"),
    [
        ("flags\t\t: fpu sse2 avx512_bf16", True),
        ("flags\t\t: fpu amx_bf16 amx_tile", True),
        ("Features\t: fp asimd bf16 i8mm", True),
        ("flags\t\t: fpu avx512f avx512_vnni", False),
        ("model name\t: a processor called bf16", False),
    ],
    ids=["avx-512", "tiles", "arm", "without", "name"],
)
def test_a_processor_that_multiplies_bfloat16_is_told_by_its_flags(tmp_path: Path, line: str, has_it: bool) -> None:
    (tmp_path / "info").write_text(f"processor\t: 0\n{line}\n")
    assert has_bfloat16(tmp_path / "info") == has_it


def test_where_the_flags_cannot_be_read_nothing_is_claimed(tmp_path: Path) -> None:
    assert not has_bfloat16(tmp_path / "absent")


def test_a_processor_without_it_says_what_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "has_bfloat16", lambda: False)
    assert "none of avx512_bf16, amx_bf16, bf16" in detect_cpu().lacking["bfloat16"]
    monkeypatch.setattr(devices, "has_bfloat16", lambda: True)
    assert detect_cpu().lacking == {}


@pytest.mark.parametrize(
    ("names", "capability", "lacking"),
    [
        (("Tesla T4",), "7.5", {"tf32", "bfloat16"}),
        (("NVIDIA A100-SXM4-40GB",), "8.0", set()),
        (("NVIDIA H100 80GB HBM3",), "9.0", set()),
        (("NVIDIA GPU (unnamed)",), "", set()),
        ((), "", {"tf32"}),
    ],
    ids=["before Ampere", "Ampere", "Hopper", "untold", "none of NVIDIA's"],
)
def test_what_a_card_computes_in_follows_from_its_compute_capability(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], capability: str, lacking: set[str]
) -> None:
    fields: dict[str, Scalar] = {"gpu.0.compute_capability": capability} if capability else {}
    monkeypatch.setattr(devices, "ask_graphics", lambda: Graphics(names=names, fields=fields))
    detected = detect_gpu()
    assert set(detected.lacking) == lacking
    assert all("Tesla T4 has 7.5" in why or "NVIDIA's tensor cores" in why for why in detected.lacking.values())


OLD, NEW = ("Tesla T4", "7.5", "GPU-01d"), ("NVIDIA L4", "8.9", "GPU-0ew")
BY_BUS = "PCI_BUS_ID"


@pytest.mark.parametrize(
    ("cards", "visible", "order", "lacks"),
    [
        pytest.param((OLD, NEW), None, None, False, id="the fastest is first"),
        pytest.param((OLD, NEW), None, BY_BUS, True, id="the first of the bus"),
        pytest.param((NEW, OLD), None, BY_BUS, False, id="the first of the bus has it"),
        pytest.param((OLD, NEW), "1,0", BY_BUS, False, id="number"),
        pytest.param((NEW, OLD), " 1 ,0", BY_BUS, True, id="number of an old one"),
        pytest.param((NEW, OLD), "1", "FASTEST_FIRST", False, id="number in an order that nobody knows"),
        pytest.param((NEW, OLD), "GPU-01,GPU-0e", None, True, id="beginning of a name"),
        pytest.param((OLD, NEW), "GPU-0ew", None, False, id="name"),
        pytest.param((OLD, NEW), "GPU-0", None, False, id="beginning of two names"),
        pytest.param((OLD, NEW), "MIG-7f", None, False, id="slice of a card"),
        pytest.param((OLD, NEW), "7", BY_BUS, False, id="number of no card"),
        pytest.param((OLD, OLD), None, None, True, id="alike"),
        pytest.param((OLD, OLD), "", None, True, id="none visible"),
    ],
)
def test_what_is_lacking_is_so_of_the_card_that_is_used(
    monkeypatch: pytest.MonkeyPatch,
    cards: tuple[tuple[str, str, str], ...],
    visible: str | None,
    order: str | None,
    lacks: bool,
) -> None:
    for name, value in (("CUDA_VISIBLE_DEVICES", visible), ("CUDA_DEVICE_ORDER", order)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    names, capabilities, uuids = zip(*cards, strict=True)
    fields: dict[str, Scalar] = {f"gpu.{number}.compute_capability": told for number, told in enumerate(capabilities)}
    monkeypatch.setattr(devices, "ask_graphics", lambda: Graphics(names=names, uuids=uuids, fields=fields))
    lacking = detect_gpu().lacking
    assert set(lacking) == ({"tf32", "bfloat16"} if lacks else set())
    assert all(why.endswith("and Tesla T4 has 7.5") for why in lacking.values())


def test_an_empty_root_has_no_tensor_processor(tmp_path: Path) -> None:
    assert detect_tpu(tmp_path).found == ()


def test_an_accelerator_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    for name in ("accel1", "accel0", "accelerometer", "null"):
        (tmp_path / "dev" / name).touch()
    detected = detect_tpu(tmp_path)
    assert detected.found == (str(tmp_path / "dev/accel0"), str(tmp_path / "dev/accel1"))
    assert detected.absence == ""


def test_the_kernels_folder_for_other_makers_accelerators_is_not_taken_for_a_device(tmp_path: Path) -> None:
    (tmp_path / "dev/accel").mkdir(parents=True)
    (tmp_path / "dev/accel/accel0").touch()
    assert detect_tpu(tmp_path).found == ()


def test_googles_processor_on_the_bus_is_found(tmp_path: Path) -> None:
    plant_pci(tmp_path, "0000:00:05.0", vendor="0x1ae0", pci_class="0x120000")
    plant_pci(tmp_path, "0000:00:04.0", vendor="0x1ae0", pci_class="0x120000")
    assert detect_tpu(tmp_path).found == ("TPU (PCI 0000:00:04.0)", "TPU (PCI 0000:00:05.0)")


@pytest.mark.parametrize(
    ("device", "pci_class", "name"),
    [
        pytest.param("0x0063", "0xff0000", "TPU v5e", id="v5e"),
        pytest.param("0x0062", "0xff0000", "TPU v5p", id="v5p"),
        pytest.param("0x006f", "0x120000", "TPU v6e", id="v6e"),
    ],
)
def test_a_chip_under_vfio_has_no_file_of_its_own_and_is_found_on_the_bus(
    tmp_path: Path, device: str, pci_class: str, name: str
) -> None:
    (tmp_path / "dev/vfio").mkdir(parents=True)
    for file in ("0", "vfio"):
        (tmp_path / "dev/vfio" / file).touch()
    assert detect_tpu(tmp_path).found == (), "any device may be handed over by VFIO"
    plant_pci(tmp_path, "0000:00:05.0", vendor="0x1ae0", pci_class=pci_class, device=device)
    assert detect_tpu(tmp_path).found == (f"{name} (PCI 0000:00:05.0)",)


@pytest.mark.parametrize(
    ("vendor", "device", "pci_class"),
    [
        pytest.param("0x1ae0", "0x0042", "0x020000", id="google-network-card"),
        pytest.param("0x1ae0", "0x001f", "0x010802", id="google-storage"),
        pytest.param("0x8086", "0x0063", "0x120000", id="another-makers-accelerator"),
        pytest.param("0x10de", "0x2330", "0x030200", id="graphics-card"),
    ],
)
def test_any_other_card_on_the_bus_is_passed_over(tmp_path: Path, vendor: str, device: str, pci_class: str) -> None:
    plant_pci(tmp_path, "0000:00:04.0", vendor=vendor, device=device, pci_class=pci_class)
    assert detect_tpu(tmp_path).found == ()


def test_a_bus_entry_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "sys/bus/pci/devices/0000:00:04.0").mkdir(parents=True)
    assert detect_tpu(tmp_path).found == ()


def test_an_absent_tensor_processor_names_what_was_looked_for(tmp_path: Path) -> None:
    absence = detect_tpu(tmp_path).absence
    assert absence.startswith("found none of what was looked for: ")
    assert "/dev/accel*" in absence
    assert "0x1ae0" in absence


@pytest.mark.usefixtures("no_graphics")
def test_an_absent_graphics_card_names_what_was_looked_for(tmp_path: Path) -> None:
    detected = detect_gpu()
    assert detected.found == ()
    assert "NVML" in detected.absence
    assert str(tmp_path / "kfd") in detected.absence


@pytest.mark.usefixtures("no_graphics")
def test_an_amd_card_is_found_by_the_kernels_file(tmp_path: Path) -> None:
    (tmp_path / "kfd").touch()
    assert detect_gpu().found == ("AMD GPU",)


@pytest.mark.usefixtures("no_graphics")
def test_nvidia_cards_are_found_by_name_and_the_library_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    plant_nvidia(monkeypatch, calls, names=["First Card", "Second Card"])
    assert detect_gpu().found == ("First Card", "Second Card")
    assert calls == ["open", "close"]


@pytest.mark.usefixtures("no_graphics")
def test_a_driver_without_cards_is_an_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    plant_nvidia(monkeypatch, calls, names=[])
    assert detect_gpu().absence
    assert calls == ["open", "close"]


def plant_nvidia(monkeypatch: pytest.MonkeyPatch, calls: list[str], *, names: list[str]) -> None:
    planted: dict[str, Any] = {
        "nvmlInit": lambda: calls.append("open"),
        "nvmlShutdown": lambda: calls.append("close"),
        "nvmlDeviceGetCount": lambda: len(names),
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda handle: names[handle],
    }
    for name, function in planted.items():
        monkeypatch.setattr(pynvml, name, function)


def test_a_probe_that_found_something_has_no_absence_to_explain() -> None:
    assert DetectedDevice(found=("one",), looked_for="one").absence == ""
    assert DetectedDevice(found=(), looked_for="one, two").absence == "found none of what was looked for: one, two"
