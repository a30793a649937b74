"""Regressions between releases of JAX that were published, as benchmarks of a repository of its own.

Each is the reporter's program, or the smallest one that does what the report describes; its size is made to fit a
gate's rounds. Nothing is run here.
"""

from __future__ import annotations

import msgspec


class Published(msgspec.Struct, frozen=True):
    """What somebody has reported."""

    source: str
    base: str
    """The version of JAX that was faster."""
    head: str
    said: str
    """What the report says of it."""
    stage: str
    """Where the report says that the time goes."""
    text: str
    """A module with one benchmark."""


_X64 = """
import jax
import jax.numpy as jnp
from jax import lax

jax.config.update("jax_enable_x64", True)
"""

_DIFFERENCES = """
import jax
import jax.numpy as jnp


def cost(x):
    return sum(jnp.sum(jnp.square(jnp.diff(x, axis=axis))) for axis in range(x.ndim))


gradient = jax.jit(jax.grad(cost))
X = jax.random.normal(jax.random.key(0), (128, 128, 128), dtype="float32")


def test_differences(benchmark):
    benchmark(lambda: gradient(X).block_until_ready())
"""

_CABLE = (
    _X64
    + """

def rates(v):
    alpha_m = 0.1 * (v + 40) / (1 - jnp.exp(-(v + 40) / 10))
    beta_m = 4 * jnp.exp(-(v + 65) / 18)
    alpha_h = 0.07 * jnp.exp(-(v + 65) / 20)
    beta_h = 1 / (1 + jnp.exp(-(v + 35) / 10))
    alpha_n = 0.01 * (v + 55) / (1 - jnp.exp(-(v + 55) / 10))
    beta_n = 0.125 * jnp.exp(-(v + 65) / 80)
    return (alpha_m, beta_m), (alpha_h, beta_h), (alpha_n, beta_n)


def step(state, current):
    v, *gates = state
    moved = []
    for gate, (alpha, beta) in zip(gates, rates(v)):
        steady = alpha / (alpha + beta)
        moved.append(steady + (gate - steady) * jnp.exp(-0.025 * (alpha + beta)))
    m, h, n = moved
    ionic = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.3)
    neighbours = jnp.roll(v, 1) + jnp.roll(v, -1) - 2 * v
    return (v + 0.025 * (current - ionic + 10 * neighbours), m, h, n), v


def simulate(currents):
    start = tuple(jnp.full(16, value) for value in (-65.0, 0.05, 0.6, 0.32))
    return jnp.sum(lax.scan(step, start, currents)[1] ** 2)


CURRENTS = 5 * jnp.ones(400)
"""
)

PUBLISHED = {
    "differences-0.5.3": Published(
        source="https://github.com/jax-ml/jax/issues/37465",
        base="0.5.0",
        head="0.5.3",
        said="×1.8",
        stage="run",
        text=_DIFFERENCES,
    ),
    "differences-0.8.0": Published(
        source="https://github.com/jax-ml/jax/issues/37465",
        base="0.7.2",
        head="0.8.0",
        said="×1.4",
        stage="run",
        text=_DIFFERENCES,
    ),
    "cable-0.5.0": Published(
        source="https://github.com/jax-ml/jax/issues/26145",
        base="0.4.31",
        head="0.5.0",
        said="2.07 s to 11.29 s",
        stage="run",
        text=_CABLE
        + """
run = jax.jit(jax.grad(simulate))


def test_cable(benchmark):
    benchmark(lambda: run(CURRENTS).block_until_ready())
""",
    ),
    "cable-compile-0.5.0": Published(
        source="https://github.com/jax-ml/jax/issues/26145",
        base="0.4.31",
        head="0.5.0",
        said="compiles in 13.6 s instead of 7.7 s",
        stage="compile",
        text=_CABLE
        + """

def test_compile(benchmark):
    benchmark.pedantic(
        lambda: jax.jit(jax.grad(simulate)).lower(CURRENTS).compile(), setup=jax.clear_caches, rounds=20
    )
""",
    ),
    "quasiseparable-0.4.33": Published(
        source="https://github.com/jax-ml/jax/issues/36799",
        base="0.4.31",
        head="0.4.33",
        said="×10",
        stage="run",
        text=_X64
        + """

def step(carry, inputs):
    d, p, q, a = inputs
    moved = carry @ a.T
    root = jnp.sqrt(d - p @ carry @ p)
    w = (q - p @ moved) / root
    return a @ moved + jnp.outer(w, w), (root, w)


@jax.jit
def cholesky(d, p, q, a):
    return lax.scan(step, jnp.zeros((3, 3)), (d, p, q, a))[1]


KEYS = jax.random.split(jax.random.PRNGKey(0), 3)
D = 50.0 + jnp.ones(2000)
P, Q = 0.1 * jax.random.normal(KEYS[0], (2000, 3)), 0.1 * jax.random.normal(KEYS[1], (2000, 3))
A = 0.3 * jax.random.normal(KEYS[2], (2000, 3, 3))


def test_cholesky(benchmark):
    benchmark(lambda: jax.block_until_ready(cholesky(D, P, Q, A)))
""",
    ),
    "while-0.4.33": Published(
        source="https://github.com/jax-ml/jax/issues/25190",
        base="0.4.31",
        head="0.4.33",
        said="2 s to 42 s",
        stage="run",
        text="""
import jax
import jax.numpy as jnp
from jax import lax

NUMBERS = jnp.arange(2**15)
STOP = jnp.max(NUMBERS)


@jax.jit
def search(numbers, stop):
    return lax.while_loop(
        lambda state: state[0] < stop, lambda state: (jnp.maximum(state[0], numbers[state[1]]), state[1] + 1), (0, 0)
    )[1]


def test_while(benchmark):
    benchmark(lambda: search(NUMBERS, STOP).block_until_ready())
""",
    ),
    "orbits-0.4.33": Published(
        source="https://github.com/kemasuda/jnkepler/issues/18",
        base="0.4.31",
        head="0.4.33",
        said="gradients 7 ms to 100 ms",
        stage="run",
        text=_X64
        + """
MASSES = jnp.array([1.0, 1e-3, 3e-4])


def acceleration(x):
    between = x[None] - x[:, None]
    cubed = (jnp.sum(between**2, axis=-1) + 1e-9) ** 1.5
    return jnp.sum(MASSES[None, :, None] * between / cubed[..., None], axis=1)


def leap(state, _):
    x, v = state
    v = v + 0.005 * acceleration(x)
    x = x + 0.01 * v
    v = v + 0.005 * acceleration(x)
    return (x, v), x


def distance(x):
    v = jnp.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.7, 0.1]])
    return jnp.sum(lax.scan(leap, (x, v), None, length=300)[1][:, 1] ** 2)


X = jnp.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
gradient = jax.jit(jax.grad(distance))


def test_orbits(benchmark):
    benchmark(lambda: gradient(X).block_until_ready())
""",
    ),
    "sampling-0.4.34": Published(
        source="https://github.com/blackjax-devs/blackjax/issues/746",
        base="0.4.30",
        head="0.4.34",
        said="more than ×2",
        stage="run",
        text="""
import jax
import jax.numpy as jnp
from jax import lax

KEY = jax.random.PRNGKey(0)
X = jax.random.normal(KEY, (200, 3))
Y = X @ jnp.array([1.0, -2.0, 0.5])


def potential(position):
    residuals = Y - X @ position[:3]
    return 0.5 * jnp.sum(residuals**2) * jnp.exp(-2 * position[3]) + 200 * position[3] + 0.5 * jnp.sum(position**2)


def transition(position, key):
    of_momentum, of_choice = jax.random.split(key)
    momentum = jax.random.normal(of_momentum, position.shape)

    def leap(_, state):
        place, speed = state
        speed = speed - 0.005 * jax.grad(potential)(place)
        place = place + 0.01 * speed
        return place, speed - 0.005 * jax.grad(potential)(place)

    place, speed = lax.fori_loop(0, 10, leap, (position, momentum))
    change = potential(position) + 0.5 * momentum @ momentum - potential(place) - 0.5 * speed @ speed
    return jnp.where(jnp.log(jax.random.uniform(of_choice)) < change, place, position), None


@jax.jit
def sample(key):
    return lax.scan(transition, jnp.zeros(4), jax.random.split(key, 100))[0]


def test_sampling(benchmark):
    benchmark(lambda: sample(KEY).block_until_ready())
""",
    ),
    "solve-0.10.0": Published(
        source="https://github.com/jax-ml/jax/issues/36927",
        base="0.9.2",
        head="0.10.0",
        said="33 ms to 87 ms",
        stage="run",
        text="""
import jax
import jax.numpy as jnp

BATCH = 20_000
A = jax.random.normal(jax.random.key(0), (BATCH, 3, 3), dtype=jnp.float32)
A = A @ jnp.swapaxes(A, -1, -2) + 1e-2 * jnp.eye(3, dtype=jnp.float32)
B = jax.random.normal(jax.random.key(1), (BATCH, 3, 1), dtype=jnp.float32)
solve = jax.jit(jnp.linalg.solve)


def test_solve(benchmark):
    benchmark(lambda: solve(A, B).block_until_ready())
""",
    ),
    "linearized-loop-0.7.1": Published(
        source="https://github.com/jax-ml/jax/issues/31282",
        base="0.7.0",
        head="0.7.1",
        said="0.3 s to 10 s",
        stage="run",
        text="""
import jax
import jax.numpy as jnp
from jax import lax

SIZE = 3_000


@jax.jit
@jax.vmap
def run(first, start):
    def loop(start):
        def body(carry, _):
            step, xs = carry
            chosen = jax.random.randint(jax.random.key(step), shape=(), minval=0, maxval=step + 1)
            return (step + 1, xs.at[step].set(2 * jnp.tanh(xs[chosen]))), None

        return lax.scan(body, (first, start), None, length=SIZE)[0][1]

    return jax.linearize(loop, start)[1](jnp.ones_like(start))


FIRST, START = jnp.zeros(2, dtype=jnp.int32), jnp.zeros((2, SIZE))


def test_loop(benchmark):
    benchmark(lambda: run(FIRST, START).block_until_ready())
""",
    ),
    "segments-0.9.2": Published(
        source="https://github.com/jax-ml/jax/issues/39959",
        base="0.9.1",
        head="0.9.2",
        said="1.7 ms to 8.5 ms, the layout of the result changes",
        stage="run",
        text="""
import jax
import jax.numpy as jnp

SEGMENTS, ROWS, COLUMNS = 3_000, 12_000, 64
IDS = jax.random.randint(jax.random.key(0), (ROWS,), 0, SEGMENTS)
DATA = jax.random.normal(jax.random.key(1), (ROWS, COLUMNS))


@jax.jit
def by_column(data, ids):
    return jax.vmap(lambda column: jax.ops.segment_sum(column, ids, SEGMENTS), in_axes=1, out_axes=1)(data)


def test_segments(benchmark):
    benchmark(lambda: by_column(DATA, IDS).block_until_ready())
""",
    ),
    "front-end-0.10.1": Published(
        source="https://github.com/vllm-project/tpu-inference/pull/2949",
        base="0.10.0",
        head="0.10.1",
        said="28.7 s to 64.4 s in tracing, lowering and dispatch",
        stage="trace",
        text="""
import jax
import jax.numpy as jnp

LAYERS = [jax.ShapeDtypeStruct((64, 64), jnp.float32) for _ in range(60)]


def model(x, layers):
    for weights in layers:
        x = x + jnp.tanh(x @ weights) * jax.nn.softmax(x, axis=-1)
        x = (x - jnp.mean(x, axis=-1, keepdims=True)) / jnp.sqrt(jnp.var(x, axis=-1, keepdims=True) + 1e-6)
    return jnp.sum(x)


def test_front_end(benchmark):
    benchmark.pedantic(
        lambda: jax.jit(jax.grad(model)).lower(jax.ShapeDtypeStruct((8, 64), jnp.float32), LAYERS),
        setup=jax.clear_caches,
        rounds=20,
    )
""",
    ),
}
"""By name."""

CONTROLS = {
    "0.4.31": ("quasiseparable-0.4.33", "cable-0.5.0", "orbits-0.4.33", "while-0.4.33"),
    "0.5.0": ("differences-0.5.3", "cable-0.5.0", "cable-compile-0.5.0", "sampling-0.4.34"),
    "0.10.0": ("solve-0.10.0", "front-end-0.10.1"),
}
"""By the version that both sides have."""
