"""Objectives: an adversarial loss, regularisers, a constraint, and the number of critic steps."""
