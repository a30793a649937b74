"""A gate over a fleet: its cases shared out over equal machines, each share an ordinary gate there.

    sharing         which cases a share has, and how many figures the whole gate has
    trees           base and head as they travel
    on_machine      what runs on a machine: the gate of one share
    shares          what is known of each share, as a fleet tells it
    merging         the reports of all shares as one
    fleet_gate      the gate that leads: machines, shares, and what becomes of them

A case is measured on one machine from first to last, so its pairs are like those of any gate.
"""
