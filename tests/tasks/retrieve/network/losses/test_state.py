"""A loss goes on from its state as if it had never stopped."""

from typing import get_args

import pytest
import torch

from atarimae.tasks.retrieve.network import losses
from atarimae.tasks.retrieve.recipe import CENTRED, Loss, RetrieveRecipe

TARGETS = torch.tensor([0, 0, 1, 1, 2, 2])


def batch(number: int) -> torch.Tensor:
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(number))


def test_every_loss_of_the_recipe_is_there() -> None:
    assert list(losses.LOSSES) == list(get_args(Loss))


@pytest.mark.parametrize("name", losses.LOSSES)
def test_state_holds_all_that_the_next_batches_depend_on(name: str) -> None:
    own = {"subcentres": 2} if name in CENTRED else {"memory": 8}
    recipe = RetrieveRecipe.of({"loss": name, "projection": 4, **own})
    whole, rest = (losses.build(recipe, [3, 2, 1], 4) for _ in range(2))
    for number in range(3):
        whole(batch(number), TARGETS)
    rest.load_state_dict({key: value.clone() for key, value in whole.state_dict().items()})
    for number in range(3, 6):
        torch.manual_seed(number)
        expected = whole(batch(number), TARGETS).item()
        torch.manual_seed(number)
        assert rest(batch(number), TARGETS).item() == expected


@pytest.mark.parametrize("name", losses.LOSSES)
def test_autocast_to_bf16_changes_nothing(name: str) -> None:
    recipe = RetrieveRecipe.of({"loss": name, "projection": 4})
    told = []
    for enabled in (False, True):
        torch.manual_seed(0)
        loss, rows = losses.build(recipe, [3, 2, 1], 4), batch(0).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            value = loss(rows, TARGETS)
        value.backward()
        told.append((value.detach(), rows.grad))
    torch.testing.assert_close(*told, rtol=0, atol=0)
