"""How the members of an ensemble are joined."""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from atarimae.task import Settings
from atarimae.tasks.retrieve.rank.chain import is_local, parse
from atarimae.tasks.retrieve.recipe import Chain

Fusion = Literal["rrf", "isr", "combsum", "combmnz", "borda"]
FUSIONS: tuple[str, ...] = get_args(Fusion)
Weight = Annotated[float, Field(ge=0)]


class RetrieveEnsemble(Settings):
    """Settings of an ensemble; a member's own settings came with its model."""

    members: tuple[str, ...] = Field((), description="ids of the runs that are joined")
    join: Literal["concatenated", "weighted", Fusion] = Field(
        "concatenated",
        description="concatenated and weighted put unit embeddings side by side; the others fuse "
        "the members' ranked lists",
    )
    weights: tuple[Weight, ...] = Field(
        (),
        description="of weighted: what each member's cosine counts, in their order; chosen on "
        "other images than it is judged by if empty",
    )
    dimension: int = Field(
        0,
        ge=0,
        description="numbers that PCA keeps of embeddings side by side, fitted on the training "
        "images; 0: no PCA",
    )
    constant: float = Field(60.0, gt=0, description="of rrf: what is added to each rank")
    depth: int = Field(
        100, ge=20, description="answers of each member that are looked at where lists are fused"
    )
    rank: Chain = Field(
        (), description="post-processing of the joined embeddings, as in a recipe of fit"
    )

    @model_validator(mode="after")
    def _agrees(self) -> "RetrieveEnsemble":
        if self.weights and self.join != "weighted":
            raise ValueError('weights need join = "weighted"')
        if self.weights and len(self.weights) != len(self.members):
            raise ValueError(f"{len(self.weights)} weights for {len(self.members)} members")
        if self.weights and not sum(self.weights):
            raise ValueError("one weight at least is above 0")
        if self.join in FUSIONS and self.dimension:
            raise ValueError(f"dimension is not for {self.join}: it fuses lists")
        if self.join in FUSIONS and self.rank:
            raise ValueError(f"rank is not for {self.join}: it fuses lists")
        if is_local(parse(self.rank)):
            raise ValueError("rank has the step cells, and an ensemble has no local features")
        return self
