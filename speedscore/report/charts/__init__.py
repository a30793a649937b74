"""The charts: each takes rows and gives a Vega-Lite specification. Colours, shapes and fonts are ``theme``'s alone.

Vega-Altair writes the specifications and checks them against Vega-Lite's schema; the page draws them with the
JavaScript that vl-convert carries, and ``speedscore plot`` with vl-convert itself: one specification, one picture, with
no browser and no network needed. No chart computes a statistic: what it draws stands in its rows.
"""
