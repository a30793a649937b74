"""A framework, a model and a criterion that speedscore does not have."""
