"""speedscore's judging half: from saved runs and dated facts to score cards.

It never measures and never imports a framework.
"""
