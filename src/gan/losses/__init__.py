"""Objectives: adversarial losses, regularisers, weight constraints, and the losses of autoencoders."""
