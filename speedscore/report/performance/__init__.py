"""What the performance tab is made of: each module makes one kind of table or figure of a group of cases.

They take figures, ratios and reasons as the record and its readers have them. What is computed here is arithmetic over
those (a break-even, a share of a peak, how much longer a round took than its median), each in a function of its own
with its formula. Nothing is estimated anew, and nothing here knows HTML.
"""
