"""Options of other projects, and Trainer arguments without a meaning here, with what to use instead."""

from collections.abc import Iterable

from gan.errors import UserError

__all__ = ["INSTEAD", "refuse_foreign_options", "what_to_use"]

EVALUATIONS = "use evaluate.every_n_steps, in generator updates"
LENGTH = "use trainer.max_steps, in generator updates"
RATES = "use optimizer.generator.lr and optimizer.discriminator.lr"
SCORED = "use metric.num_samples, the number of samples that a score is of"
TWO_STEPS = "use debug=fast, for two steps of training, evaluation and sampling"

INSTEAD = {
    "ckpt_path": "use ckpt=RUN",
    "epochs": LENGTH,
    "learning_rate": RATES,
    "lr": RATES,
    "max_epochs": LENGTH,
    "max_steps": LENGTH,
    "optimizer.lr": RATES,
    "steps": LENGTH,
    "trainer.accumulate_grad_batches": "use model.accumulate, parts of a batch whose gradients are accumulated",
    "trainer.barebones": "use callbacks=null, logger=null and trainer.enable_progress_bar=false",
    "trainer.callbacks": "use callbacks=CHOICE or +callbacks.NAME._target_=CLASS",
    "trainer.check_val_every_n_epoch": EVALUATIONS,
    "trainer.ckpt_path": "use ckpt=RUN",
    "trainer.default_root_dir": "use hydra.run.dir",
    "trainer.enable_autolog_hparams": "every logger receives the configuration; use logger=null for none",
    "trainer.enable_checkpointing": "use callbacks.checkpoints=null for no checkpoints",
    "trainer.epochs": LENGTH,
    "trainer.fast_dev_run": TWO_STEPS,
    "trainer.gpus": "use trainer.devices, with trainer.accelerator=gpu",
    "trainer.gradient_clip_algorithm": "use model.gradient_clip, which clips the norm",
    "trainer.gradient_clip_val": "use model.gradient_clip, the largest norm of a player's gradient",
    "trainer.inference_mode": "samples are always drawn without gradients; leave it out",
    "trainer.limit_predict_batches": SCORED,
    "trainer.limit_test_batches": SCORED,
    "trainer.limit_train_batches": LENGTH,
    "trainer.limit_val_batches": SCORED,
    "trainer.logger": "use logger=CHOICE or +logger.NAME._target_=CLASS",
    "trainer.lr": RATES,
    "trainer.max_epochs": LENGTH,
    "trainer.min_epochs": "use trainer.min_steps, in generator updates",
    "trainer.model_registry": "use logger=wandb, which uploads the best checkpoint",
    "trainer.num_sanity_val_steps": TWO_STEPS,
    "trainer.overfit_batches": "use data.limit, the number of training images",
    "trainer.reload_dataloaders_every_n_epochs": "the data module shuffles endlessly; use data.seed for another order",
    "trainer.use_distributed_sampler": "batches are divided among devices; use data.batch_size, the total",
    "trainer.val_check_interval": EVALUATIONS,
}
"""What to use, by option. Of Lightning's Trainer, these are all arguments that conf/trainer does not have."""


def what_to_use(option: str) -> str | None:
    """Return a message for an option of another project; None for any other option."""
    advice = INSTEAD.get(option)
    return None if advice is None else f"{option} has no meaning here: {advice}"


def refuse_foreign_options(options: Iterable[str]) -> None:
    """Check that no option is one of another project.

    Raises:
        UserError: If one is.
    """
    for message in filter(None, map(what_to_use, options)):
        raise UserError(message)
