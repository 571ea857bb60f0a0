"""All settings of a retrieval fit."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from atarimae.errors import UsageError
from atarimae.predict.resize import Fit
from atarimae.task import Recipe
from atarimae.tasks.retrieve.rank.chain import is_local, parse

Loss = Literal[
    "arcface", "cosface", "elasticarc", "elasticarcplus", "elasticcos", "elasticcosplus", "adaface",
    "multisimilarity", "triplet", "contrastive", "supcon", "ntxent", "smoothap",
    "surrogateprecision",
]  # fmt: skip
CENTRED = get_args(Loss)[:7]  # those with a centre for each class; the others compare pairs
Pooling = Annotated[str, StringConstraints(pattern=r"^[\w.]+:(mean|max|gem|cls)$")]
Scale = Annotated[float, Field(ge=0.25, le=4)]


def _chain(entries: tuple[str, ...]) -> tuple[str, ...]:
    """The entries with every parameter written out."""
    try:
        return tuple(map(str, parse(entries)))
    except UsageError as error:
        raise ValueError(str(error)) from None


Chain = Annotated[tuple[str, ...], AfterValidator(_chain)]


class RetrieveRecipe(Recipe):
    """Features of a backbone, pooled, whitened, projected; cosine similarity of what comes out."""

    # A sample of 300 images has few classes to fill a batch with, none of many images, fewer axes
    # than whitening may keep, fewer images than a memory, and its few classes meet in any batch.
    unjudged: ClassVar[Mapping[str, frozenset[str]]] = {
        "smoke": Recipe.unjudged["smoke"]
        | {"classes_per_batch", "images_per_class", "whiten_dimension", "whiten_shrink"}
        | {"margin_rare", "memory", "hard_classes", "pseudo_weights"}
    }

    backbone: str = Field("tf_efficientnet_lite0", description="any timm model, by name")
    weights: Literal["imagenet", "random"] = Field(
        "imagenet", description="what the backbone starts from"
    )
    freeze: Literal["backbone", "none"] = Field(
        "backbone", description="what is not trained; a frozen backbone's features are cached"
    )
    freeze_layers: Annotated[int, Field(ge=0)] | str = Field(
        0,
        description="first layers of a trained backbone that stay as they are: how many, the stem "
        "among them, or the name of the last (blocks.2, say)",
    )
    lora_rank: int = Field(
        0,
        ge=0,
        le=256,
        description="rank of adapters that are trained in place of the backbone's own weights "
        "(LoRA; needs the extra lora); 0: none",
    )
    lora_layers: tuple[str, ...] = Field(
        ("attn.qkv", "attn.proj"),
        min_length=1,
        description="layers that get an adapter, by the end of their name",
    )
    lr_backbone_factor: float = Field(
        1.0, gt=0, le=10, description="a trained backbone's learning rate, as a multiple of lr"
    )
    lr_layer_factor: float = Field(
        1.0, gt=0, le=1, description="learning rate of a backbone's layer over that of the next"
    )
    image_size: int = Field(224, ge=32, le=2048, description="side of the network's input, px")
    region: Literal["whole", "box"] = Field(
        "whole",
        description="what is read of a picture: all of it, or the box that is known of it, if any",
    )
    box_margin: float = Field(
        0.1, ge=0, le=1, description="what is read around a box, as a share of its sides"
    )
    fit: Fit = Field("pad", description="how other shapes become square: pad, stretch or crop")
    pooling: tuple[Pooling, ...] = Field(
        ("last:gem",),
        min_length=1,
        description="what is pooled, as layer:kind; layer is last or a module of the backbone by "
        "its name (blocks.4 or blocks.4.1.bn1, say), kind is mean, max, gem or, of a transformer, "
        "its class token: cls; several are joined",
    )
    local_layer: str = Field(
        "",
        description="layer of a trained backbone whose places join what is pooled, as far as they "
        "say something else (DOLG); none if empty",
    )
    local_dimension: int = Field(
        256, ge=8, le=2048, description="numbers of either half of what is joined with local_layer"
    )
    cells: int = Field(
        0,
        ge=0,
        le=16,
        description="side of a grid of local features, for a step cells of rank; 0: none",
    )
    cells_layer: str = Field(
        "last", description="layer that they are means of: last, or a module of the backbone"
    )
    cells_dimension: int = Field(
        32, ge=2, le=256, description="numbers of a local feature, two bytes each in the index"
    )
    tta_flip: bool = Field(
        False, description="whether a picture is judged by its mirror image too; twice the time"
    )
    tta_scales: tuple[Scale, ...] = Field(
        (),
        description="further sizes that a picture is judged at, as multiples of image_size",
    )
    gem_p: float = Field(3.0, gt=0, le=20, description="power of the generalised mean")
    train_gem_p: bool = Field(False, description="whether training moves gem_p")
    power: float = Field(
        1.0, gt=0, le=1, description="each pooled number to this power, sign kept; 0.5 evens out"
    )
    whiten: Literal["none", "pca", "learned"] = Field(
        "none",
        description="pca decorrelates; learned shrinks what varies within a class; fitted on the "
        "training images, before a projection if the backbone is frozen, else after it",
    )
    whiten_dimension: int = Field(512, ge=2, description="components that whitening keeps")
    whiten_shrink: float = Field(
        0.1, gt=0, lt=1, description="how far eigenvalues are drawn to their mean; for few images"
    )
    projection: int = Field(
        0, ge=0, le=8192, description="numbers in an embedding after a trained layer; 0: no layer"
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="share of features zeroed in training")
    loss: Loss = Field("arcface", description="metric-learning loss, see docs/retrieve.md")
    teacher: str = Field(
        "",
        description="id of a run, an ensemble say, whose similarities training follows in place of "
        "a loss over classes; none if empty",
    )
    margin: float = Field(
        0.3,
        ge=0,
        le=1.5,
        description="arcface, elasticarc and adaface: radians; cosface, elasticcos, triplet and "
        "contrastive: cosine",
    )
    margin_rare: float = Field(
        0.0,
        ge=0,
        le=0.8,
        description="what the smallest class's margin has on top of the largest's",
    )
    margin_noise: float = Field(
        0.05, ge=0, le=0.5, description="elastic losses: deviation of the drawn margins"
    )
    scale: float = Field(30.0, gt=0, description="losses with centres: inverse temperature")
    subcentres: int = Field(
        1, ge=1, le=16, description="centres of each class; several for classes of several looks"
    )
    temperature: float = Field(
        0.1, gt=0, le=1, description="supcon, ntxent and a teacher: of the softmax"
    )
    memory: int = Field(
        0,
        ge=0,
        le=100_000,
        description="embeddings of earlier batches that losses over pairs compare with; 0: none",
    )
    classes_per_batch: int = Field(32, ge=2, description="classes in a batch")
    images_per_class: int = Field(4, ge=1, description="images of each class in a batch")
    hard_classes: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of a batch's classes that are drawn as the most alike of the others; "
        "0: all at random",
    )
    min_images: int = Field(
        1, ge=1, description="classes with fewer training images are left out of training"
    )
    pseudo_weights: bool = Field(
        False,
        description="whether a proposed class is drawn as often as control slices say that such "
        "are right; with pseudo_labels",
    )
    lr_loss: float = Field(1e-3, gt=0, description="peak learning rate of the classes' centres")
    start_size: int = Field(
        0,
        ge=0,
        description="side of training images in the first epoch, px; it grows to image_size; "
        "0: no growth",
    )
    rank: Chain = Field(
        (),
        description="what is made of embeddings and answers, in this order, as step:name=value: "
        "whiten, then dba and aqe before the search, kreciprocal_alone, kreciprocal or diffusion "
        "in its place, csls, rivals, vote and cells after it",
    )
    confidence: Literal["calibrated", "cosine"] = Field(
        "calibrated",
        description="how sure an answer is: the probability that it is right, fitted on val, or "
        "its cosine; the answer is unknown below a threshold of that",
    )
    crop: float = Field(0.7, gt=0, le=1, description="least share of the area a random cut keeps")
    flip: float = Field(0.0, ge=0, le=1, description="chance of a mirror image; 0 where it matters")
    rotate: float = Field(10.0, ge=0, le=180, description="largest random turn, degrees")
    perspective: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="how far the corners move, as from another side, every other time",
    )
    colour: float = Field(0.3, ge=0, le=1, description="strength of random light and colour")
    blur: float = Field(0.2, ge=0, le=1, description="chance of blur")

    @model_validator(mode="after")
    def _agrees(self) -> "RetrieveRecipe":
        if self.freeze == "backbone" and self.train_gem_p:
            raise ValueError('train_gem_p needs freeze = "none": frozen features are pooled once')
        if self.freeze == "backbone" and self.freeze_layers:
            raise ValueError('freeze_layers needs freeze = "none": else all layers are frozen')
        if self.freeze == "backbone" and self.lora_rank:
            raise ValueError('lora_rank needs freeze = "none": adapters are trained')
        if self.start_size and not 32 <= self.start_size <= self.image_size:
            raise ValueError("start_size is 0, or from 32 to image_size")
        if self.freeze == "backbone" and self.start_size:
            raise ValueError('start_size needs freeze = "none": frozen features have one size')
        if self.freeze == "backbone" and self.local_layer:
            raise ValueError('local_layer needs freeze = "none": what joins it is trained')
        if is_local(parse(self.rank)) and not self.cells:
            raise ValueError("rank has the step cells, which needs cells above 0, 7 say")
        if self.teacher and not self.trains:
            raise ValueError(
                'teacher needs something that learns: epochs, and projection or freeze = "none"'
            )
        if self.teacher and self.hard_classes:
            raise ValueError("hard_classes needs a loss over classes, and not a teacher")
        self._agrees_with_loss()
        return self

    @model_validator(mode="after")
    def _weighs_what_is_there(self) -> "RetrieveRecipe":
        if self.pseudo_weights and not (self.pseudo_labels and self.trains):
            raise ValueError("pseudo_weights needs pseudo_labels, and something that learns")
        return self

    def _agrees_with_loss(self) -> None:
        """What switches something on is refused where the loss has no such thing."""
        centred = self.loss in CENTRED
        for key, wanted in (("subcentres", True), ("margin_rare", True), ("memory", False)):
            if centred is not wanted and getattr(self, key) != type(self).model_fields[key].default:
                them = [name for name in get_args(Loss) if (name in CENTRED) is wanted]
                raise ValueError(f"{key} is not for {self.loss}, only for {', '.join(them)}")
        if self.loss == "adaface" and self.trains and not self.projection:
            raise ValueError("adaface needs a projection: it reads how long embeddings come out")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sides of the square pictures that one is judged by, px, each once; the main one first."""
        scaled = (round(self.image_size * scale) for scale in self.tta_scales)
        return tuple(dict.fromkeys((self.image_size, *scaled)))

    @property
    def read_size(self) -> int:
        """The largest of them: what is read of a file."""
        return max(self.sizes)

    def training_size(self, epoch: int) -> int:
        """Side of training images in an epoch, from 0 on; the last third has the full size."""
        if not self.start_size:
            return self.image_size
        grown = self.image_size - self.start_size
        size = self.start_size + grown * min(1.0, 1.5 * epoch / max(1, self.epochs))
        return self.image_size if size >= self.image_size else max(32, int(size) // 32 * 32)

    @property
    def around(self) -> float | None:
        """What is read around a box; None where boxes don't matter."""
        return self.box_margin if self.region == "box" else None

    @property
    def trains(self) -> bool:
        """Whether anything is trained at all."""
        return self.epochs > 0 and (self.freeze == "none" or self.projection > 0)
