"""Options of other projects, and Trainer arguments without a meaning here, with what to use instead."""

import re
from collections.abc import Iterable

from gan.errors import UserError

__all__ = ["INSTEAD", "refuse_foreign_options", "what_to_use"]

BATCH = "use data.batch_size, the number of images of all devices together"
CHECKPOINT = "use ckpt=RUN to resume a run, or init=RUN to start another from its weights"
CRITIC = "use loss.critic_steps, updates of the discriminator for each of the generator"
DEVICES = "use trainer.devices, with trainer.accelerator=gpu"
EVALUATIONS = "use evaluate.every_n_steps, in generator updates"
FOLDER = "use hydra.run.dir, the folder of the run"
LATENT = "use model.latent_dim"
LENGTH = "use trainer.max_steps, in generator updates"
MOMENTS = "use optimizer.generator.betas and optimizer.discriminator.betas"
PENALTY = "use loss.regularizers.gradient_penalty.weight, with loss=wgan_gp"
PRECISION = "use trainer.precision, such as bf16-mixed"
RATES = "use optimizer.generator.lr and optimizer.discriminator.lr"
SCORED = "use metric.num_samples, the number of samples that a score is of"
SEED = "use seed"
SIZE = "use data.image_size"
SOURCE = "use data.path, with data=image_folder"
TWO_STEPS = "use debug=fast, for two steps of training, evaluation and sampling"
WIDTHS = "use model.generator.width and model.discriminator.width"
WORKERS = "use data.num_workers"

INSTEAD = {
    "trainer.accumulate_grad_batches": "use model.accumulate, parts of a batch whose gradients are accumulated",
    "trainer.barebones": "use callbacks=null, logger=null and trainer.enable_progress_bar=false",
    "trainer.callbacks": "use callbacks=CHOICE or +callbacks.NAME._target_=CLASS",
    "trainer.check_val_every_n_epoch": EVALUATIONS,
    "trainer.ckpt_path": CHECKPOINT,
    "trainer.default_root_dir": "use hydra.run.dir",
    "trainer.enable_autolog_hparams": "every logger receives the configuration; use logger=null for none",
    "trainer.enable_checkpointing": "use callbacks.checkpoints=null for no checkpoints",
    "trainer.fast_dev_run": TWO_STEPS,
    "trainer.gradient_clip_algorithm": "use model.gradient_clip, which clips the norm",
    "trainer.gradient_clip_val": "use model.gradient_clip, the largest norm of a player's gradient",
    "trainer.inference_mode": "samples are always drawn without gradients; leave it out",
    "trainer.limit_predict_batches": SCORED,
    "trainer.limit_test_batches": SCORED,
    "trainer.limit_train_batches": LENGTH,
    "trainer.limit_val_batches": SCORED,
    "trainer.logger": "use logger=CHOICE or +logger.NAME._target_=CLASS",
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


BY_NAME = {
    name: advice
    for names, advice in {
        "bs batch batch_size per_device_batch_size train_batch_size": BATCH,
        "checkpoint ckpt_path finetune init_from load load_checkpoint pretrained resume resume_from "
        "resume_from_checkpoint resume_pkl transfer": CHECKPOINT,
        "critic_iters critic_iterations d_steps disc_steps n_critic n_dis num_critic num_d_steps": CRITIC,
        "cuda gpu gpu_ids gpus n_gpus ngpu ngpus num_gpus use_cuda": DEVICES,
        "eval_every eval_freq eval_interval fid_every sample_interval": EVALUATIONS,
        "dir exp_dir log_dir logdir out out_dir outdir output output_dir save_dir": FOLDER,
        "dim_z latent latent_dim latent_size noise_dim nz z_dim z_size zdim": LATENT,
        "epoch epochs iter iterations iters kimg max_epochs max_iter max_iters max_iterations max_steps n_epochs niter "
        "num_epochs num_iterations num_iters num_steps num_train_steps steps total_iters total_steps": LENGTH,
        "b1 b2 beta1 beta2 beta_1 beta_2 betas": MOMENTS,
        "gp gp_lambda gp_weight lambda_gp": PENALTY,
        "amp bf16 fp16 half mixed_precision use_amp": PRECISION,
        "base_lr d_lr g_lr learning_rate lr lr_d lr_g": RATES,
        "fid_samples num_fid_samples": SCORED,
        "manual_seed random_seed seed_everything": SEED,
        "image_size img_size imsize res resolution": SIZE,
        "data_dir data_path data_root dataroot dataset_dir dataset_path root": SOURCE,
        "base_channels ch ndf ngf": WIDTHS,
        "n_workers num_workers workers": WORKERS,
    }.items()
    for name in names.split()
}
"""What to use for an option that does not exist, by its last part."""
GROUPS = ("", "config", "data", "loss", "model", "optim", "optimizer", "train", "trainer", "training")
"""Groups in which people look for these options."""


def what_to_use(option: str) -> str | None:
    """Return a message for an option of another project; None for any other option.

    Args:
        option: Key of an option that does not exist, or that is to be left alone.
    """
    group, _, name = option.rpartition(".")
    advice = INSTEAD.get(option) or (BY_NAME.get(name) if group in GROUPS else None)
    return None if advice is None or option in re.split(r"[ ,]", advice) else f"{option} has no meaning here: {advice}"


def refuse_foreign_options(options: Iterable[str]) -> None:
    """Check that no option is one of another project.

    Raises:
        UserError: If one is.
    """
    for message in (what_to_use(option) for option in options if option in INSTEAD):
        raise UserError(message)
