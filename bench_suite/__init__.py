"""speedscore's measuring half: from a pytest case to a saved run. It never scores and never imports scoring."""
