"""One case of a gate over all pairs, to the verdicts on it.

    claims          what is said of the change, to be judged; case_claims: what came of it
    exclusions      why a case leaves before its time is judged
    case_conditions whether both sides timed the same; case_counts: what they counted, without a clock
    paired_metric   what the pairs said of its time or its memory, and what that comes to
    gated_case      all of these together

Nothing is run here.
"""
