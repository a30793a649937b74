"""A gate over a fleet: its cases in parts, one for each of its equal machines, each part an ordinary gate there.

    trees           base and head as they travel
    on_machine      what runs on a machine: the gate of one part
    part_states     what is known of each part, as a fleet tells it
    merging         the reports of all parts as one
    equal_machines  which machines are equal, and how others differ
    fleet_gate      the gate that leads: machines, parts, and what becomes of them

A case is measured on one machine from first to last, so its pairs are like those of any gate.
"""
