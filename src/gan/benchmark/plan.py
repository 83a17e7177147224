"""Plan of a run on many devices: memory, messages and time, by arithmetic from counted operations."""

from typing import Any

from gan.benchmark.operations import count_update, num_bytes
from gan.benchmark.output import make_result
from gan.config import compose_config
from gan.errors import OptionError, UserError
from gan.instantiate import build
from gan.models.gan import GAN
from gan.resolvers import register_resolvers
from gan.types import Player

__all__ = ["exchange_seconds", "plan"]

COPIES = 4  # of a player's weights: themselves, their gradients, and the two moments of Adam
PLAYERS: tuple[Player, Player] = ("discriminator", "generator")
SECONDS_PER_DAY = 86_400


def plan(options: list[str], devices: int, images: int, teraflops: float | None, gigabits: float) -> dict[str, Any]:
    """Plan a run: memory of each device, messages, images per second and days.

    The devices exchange gradients after each backward pass, by a ring, and wait for it. Left out are the workspaces of
    libraries, evaluation, and the latency of messages.

    Args:
        options: Options of train.py.
        devices: Number of devices, which share a batch.
        images: Real images that the discriminator sees during the run.
        teraflops: 10^12 operations per second that a device sustains; None leaves out the time.
        gigabits: 10^9 bits per second between two devices.

    Raises:
        UserError: If the batch cannot be shared, the model is no GAN or has a condition, or options are missing.
    """
    register_resolvers()
    config = compose_config("train", options)
    batch_size = config.data.batch_size
    share, rest = divmod(batch_size, devices)
    if rest or share < 2:
        raise UserError(f"data.batch_size={batch_size} is no multiple of {devices} devices with two images or more")
    try:
        model = build(config.model)
    except OptionError as error:
        raise UserError(f"{error}; a plan reads no data, so what is found there must be an option") from error
    if not isinstance(model, GAN) or model.uses_condition:
        raise UserError(f"{type(model).__name__} cannot be planned: only GANs of noise and classes can")
    shape = (config.data.channels, config.data.image_size, config.data.image_size)
    costs = {player: count_update(model, player, shape) for player in PLAYERS}
    weights = {player: num_bytes(model.players()[player]) for player in PLAYERS}
    steps: dict[Player, int] = {"discriminator": model.objective.critic_steps, "generator": 1}

    kept = max(cost.saved for cost in costs.values())
    average = 0 if model.ema is None else num_bytes([model.ema])
    memory = COPIES * sum(weights.values()) + average + share * kept
    operations = sum(steps[player] * costs[player].operations for player in PLAYERS)
    gradients = sum(steps[player] * weights[player] for player in PLAYERS)
    exchange = exchange_seconds(gradients, devices, gigabits)
    result: dict[str, Any] = {"operations": operations, "memory": memory, "gradients": gradients, "exchange": exchange}
    rows = {f"weights of {player[0].upper()}": f"{weights[player] / 1e6:,.1f} MB" for player in PLAYERS}
    for player in PLAYERS:
        rows[f"operations per image, updating {player[0].upper()}"] = f"{costs[player].operations / 1e9:,.2f} billion"
    rows |= {
        "memory per image, for the backward pass": f"{kept / 1e6:,.1f} MB",
        "images on a device": str(share),
        "memory of a device": f"{memory / 1e9:,.2f} GB",
        "gradients that it sends, per update of G": f"{gradients / 1e6:,.1f} MB",
        "time of their exchange": f"{1e3 * exchange:,.1f} ms",
    }
    if teraflops is not None:
        seconds = share * operations / (teraflops * 1e12) + exchange
        updates = images / (batch_size * steps["discriminator"])
        result |= {"seconds": seconds, "updates": updates, "days": updates * seconds / SECONDS_PER_DAY}
        rows |= {
            "time per update of G": f"{1e3 * seconds:,.1f} ms, {exchange / seconds:.0%} of it exchange",
            "real images per second": f"{batch_size * steps['discriminator'] / seconds:,.0f}",
            "updates of G": f"{updates:,.0f}",
            "days": f"{result['days']:,.2f}",
        }
    table = "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows.items())])
    return make_result("plan", options, devices=devices, gigabits=gigabits, **result, table=table)


def exchange_seconds(message: float, devices: int, gigabits: float) -> float:
    """Return the time in which a ring of devices averages a message (Patarasuk and Yuan, 2009).

    Args:
        message: Bytes on each device.
        devices: Number of devices.
        gigabits: 10^9 bits per second between two neighbours.
    """
    return 2 * (devices - 1) / devices * message * 8 / (gigabits * 1e9)
