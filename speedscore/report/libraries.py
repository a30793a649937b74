"""The cards of the libraries that stand on the frameworks of a report. They are made where all such cards are made."""

from __future__ import annotations

from speedscore.report.content import Content
from speedscore.scoring.scores.layer_card import LayerCard, make_layer_card


def layer_cards_of(content: Content) -> tuple[LayerCard, ...]:
    """By name, each once; those that have a card of their own already are that one."""
    own = {card.layer.library: card for card in content.scores.layers}
    libraries = {layer.library: layer.name for card in content.scores.cards for layer in card.layers}
    variants = {card.framework: card.variants for card in content.scores.cards}
    made = {
        library: make_layer_card(content.rubric, content.evidence, library=library, variants=variants)
        for library in libraries
        if library not in own
    }
    return tuple(sorted({**own, **made}.values(), key=lambda card: (card.layer.name, card.layer.library)))
