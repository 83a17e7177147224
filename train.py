"""Train a GAN: ``python train.py model=dcgan loss=wgan_gp``. All options are in conf/."""

from gan.__main__ import run

if __name__ == "__main__":
    run()
