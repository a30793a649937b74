"""Two saved runs to verdicts. Nothing is measured here, and no saved run is changed."""
