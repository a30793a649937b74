"""One case of a gate over all pairs, to the verdicts on it. Nothing is run here.

part            which cases are one part's, where a gate is shared out
claims          what is said of the change, to be judged; case_claims: what came of it
exclusions      why a case leaves before its time is judged
case_conditions whether both sides timed the same; case_counts: what they counted, without a clock
gated_case      what the pairs said of one case, and the verdicts that follow
"""
