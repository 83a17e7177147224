"""Validity of molecules that are written in SMILES."""

from typing import Any

from torch import Tensor

from gan.data.module import DataModule
from gan.data.sequences import SequenceDataModule
from gan.errors import UserError
from gan.extras import import_extra
from gan.features.base import FeatureExtractor, Features

__all__ = ["Molecules"]


class Molecules(FeatureExtractor):
    """One for a line that RDKit reads as a molecule, with its valences, and zero for others, as a vector of length 1.

    Args:
        data: Text, of molecules in SMILES.

    Raises:
        UserError: If RDKit is not installed, or the data are no sequences.
    """

    name = "molecules"
    num_features = 1
    measures_distance = False

    def __init__(self, data: DataModule) -> None:
        super().__init__()
        if not isinstance(data, SequenceDataModule):
            raise UserError(f"metric/features={self.name} takes text, and {type(data).__name__} has {data.noun}")
        user = f"metric/features={self.name}"
        modules = ("rdkit", "rdkit.Chem", "rdkit.rdBase")
        _, chem, base = (import_extra(name, "molecules", user) for name in modules)
        self.data, self.read, self.quiet, self.version = data, chem.MolFromSmiles, base.BlockLogs, base.rdkitVersion

    def forward(self, tokens: Tensor) -> Features:
        """Map tokens, int64 with shape (B, T), to whether they are molecules."""
        with self.quiet():
            valid = [bool(line) and self.read(line) is not None for line in self.data.lines(tokens.cpu())]
        return Features(tokens.new_tensor(valid).float()[:, None])

    @property
    def protocol(self) -> dict[str, Any]:
        return {"features": self.name, "weights": f"rdkit {self.version}", "resize": "none"}
