"""JAX and optax as their users would: the step a pure function, `vmap` over the arms, `lax.scan` over the steps, all of it jitted."""

import time

import numpy as np
from serving import BATCH, FLAT, GIVEN, PER_EPOCH, SIZES, Y, serve  # sets the threads, so it comes before jax

import jax  # isort: skip
import jax.numpy as jnp  # isort: skip
import optax  # isort: skip

EPOCHS_A_CALL = 16
x, y = jnp.asarray(FLAT), jnp.asarray(Y, dtype=jnp.int32)
rates, seeds = jnp.asarray(GIVEN["rates"], dtype=jnp.float32), GIVEN["seeds"]  # (A,) each
rule = optax.scale_by_adam(eps=1e-8)
draws = np.random.default_rng(0)


def start(seed):
    keys = jax.random.split(jax.random.key(seed), 2 * len(SIZES))
    layers = []
    for i, (before, after) in enumerate(SIZES):
        bound = before**-0.5
        weight = jax.random.uniform(keys[2 * i], (before, after), minval=-bound, maxval=bound)
        layers.append((weight, jax.random.uniform(keys[2 * i + 1], (after,), minval=-bound, maxval=bound)))
    return layers


def objective(layers, x, y):
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return optax.softmax_cross_entropy_with_integer_labels(x @ weight + bias, y).mean()


def step(layers, state, rate, positions):
    loss, gradient = jax.value_and_grad(objective)(layers, x[positions], y[positions])
    update, state = rule.update(gradient, state)
    return jax.tree.map(lambda w, u: w - rate * u, layers, update), state, loss


arms = len(seeds)
if arms > 1:
    mapped = jax.vmap(step)
    layers = jax.vmap(start)(jnp.asarray(seeds))
    state = jax.vmap(rule.init)(layers)
else:
    mapped, rates = step, rates[0]
    layers = start(seeds[0])
    state = rule.init(layers)


@jax.jit
def run(layers, state, order):
    def one(carry, positions):
        layers, state, loss = mapped(*carry, rates, positions)
        return (layers, state), loss

    (layers, state), losses = jax.lax.scan(one, (layers, state), order)
    return layers, state, losses


def order(epochs):
    """(steps, A, B), or (steps, B): every arm its own shuffle."""
    shuffles = draws.permuted(np.tile(np.arange(len(x), dtype=np.int32), (epochs, arms, 1)), axis=-1)  # (E, A, N)
    batches = shuffles.reshape(epochs, arms, PER_EPOCH, BATCH).transpose(0, 2, 1, 3).reshape(-1, arms, BATCH)
    return batches if arms > 1 else batches[:, 0]


jax.block_until_ready(run(layers, state, order(EPOCHS_A_CALL)))  # compile for calls of this length


def train(epochs):
    global layers, state
    calls = -(-epochs // EPOCHS_A_CALL)
    begun = time.perf_counter()
    for _ in range(calls):
        layers, state, losses = run(layers, state, order(EPOCHS_A_CALL))
    jax.block_until_ready(losses)
    seconds = time.perf_counter() - begun
    return seconds * epochs / (calls * EPOCHS_A_CALL), float(losses[-PER_EPOCH:].mean())


serve(train)
