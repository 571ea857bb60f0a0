"""Light, contrast, saturation and hue by one matrix, beside torchvision's four passes."""

import colorsys

import torch
from torchvision.transforms.v2 import functional as torchvision

from atarimae.tasks.retrieve.network.colour import Colour, recoloured


def _picture() -> torch.Tensor:
    """Without extremes, so that nothing is clipped on the way."""
    drawn = torch.randint(70, 150, (3, 16, 16), generator=torch.Generator().manual_seed(0))
    return drawn.to(torch.uint8)


def test_nothing_changes_where_the_strength_is_zero() -> None:
    assert torch.equal(Colour(0.0)(_picture()), _picture())


def test_it_is_what_torchvision_gives_but_for_rounding() -> None:
    theirs = torchvision.adjust_saturation(_picture() / 255, 1.2)
    theirs = torchvision.adjust_contrast(theirs, 0.8)
    theirs = 255 * torchvision.adjust_brightness(theirs, 1.1)
    ours = recoloured(_picture(), 1.1, 0.8, 1.2, 0.0)
    assert (ours - theirs).abs().max() <= 0.51


def test_a_third_of_a_circle_makes_red_green() -> None:
    red = torch.tensor([200, 20, 20], dtype=torch.uint8).reshape(3, 1, 1)
    assert recoloured(red, 1, 1, 1, 1 / 3).flatten().tolist() == [20, 200, 20]


def test_a_small_turn_goes_the_way_of_the_hue() -> None:
    orange = torch.tensor([180, 120, 60], dtype=torch.uint8).reshape(3, 1, 1)
    turned = recoloured(orange, 1, 1, 1, 0.05).flatten().tolist()
    hue = [colorsys.rgb_to_hsv(*(value / 255 for value in rgb))[0] for rgb in (
        orange.flatten().tolist(), turned,
    )]  # fmt: skip
    assert abs(hue[1] - hue[0] - 0.05) < 0.01


def test_greys_stay_grey_whatever_is_drawn() -> None:
    torch.manual_seed(0)
    grey = torch.full((3, 4, 4), 120, dtype=torch.uint8)
    changed = Colour(0.3)(grey)
    assert torch.equal(changed[0], changed[1])
    assert torch.equal(changed[0], changed[2])
