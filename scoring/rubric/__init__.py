"""Questions as data: criteria, scales, weights and policy. Nothing here scores, and no framework is named."""
