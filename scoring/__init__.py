"""speedscore's judging half: from saved runs and dated facts to score cards, one package for each step on the way.

``facts`` reads what is known, and ``rubric`` holds the questions; ``evidence`` lays facts and runs side by side;
``findings`` answers every question for every framework; ``claims`` holds what others say against what was measured;
``scores`` weighs the answers; ``cards`` writes them down, and ``commands`` lets a person ask. A package imports only
from those named before it; ``collecting`` stands beside ``evidence`` and counts facts anew. Nothing here measures or
imports a framework, and of the measuring half it knows the saved run alone.
"""
