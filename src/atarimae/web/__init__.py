"""The shared page frame: a step brings its pages, `web` dresses and assembles them."""
