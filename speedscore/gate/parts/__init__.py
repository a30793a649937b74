"""A gate's cases in parts, each an ordinary gate: on the equal machines of a fleet, or in jobs of their own.

    arguments       the command line of a part's gate
    trees           base and head as they travel
    on_machine      what runs on a machine: the gate of one part
    naming_logs     where what a part printed is kept, beside what did not run
    part_states     what is known of each part, as a fleet tells it
    merging         the reports of all parts as one
    equal_machines  which machines are equal, and how others differ
    fleet_gate      the gate that leads: machines, parts, and what becomes of them
    merge_command   the command that merges the reports of parts that were gated by themselves

A case is measured on one machine from first to last, so its pairs are like those of any gate.
"""
