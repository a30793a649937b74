"""One answer for each criterion and framework, or unknown with its reason."""
